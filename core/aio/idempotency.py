"""Idempotency keys: a request's work runs once, and its response is stored in the same transaction."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime

from diptych.core.aio.statement_executor import Executor
from diptych.core.engine.entity import now
from diptych.core.http import problems
from diptych.core.http.idempotency import RequestKey
from diptych.core.http.request_response import Response
from diptych.core.idempotency.rules import LIFETIME
from diptych.core.idempotency.statements import ANSWER, STATEMENTS, Statements


async def run_idempotent(executor: Executor, key: RequestKey, work: Callable[[], Awaitable[Response]]) -> Response:
    """Return the stored response for a key; if there is none, run `work` and store its response.

    Errors: Problem 409 while another request with the key is in progress, 422 if the key belongs to a different
    request; and those of `work`, after which the key is unused again.
    """
    statements = STATEMENTS[executor.dialect.name]
    moment = now()
    this = {"this": key.name}
    expired = {"expired": moment - LIFETIME}
    claim = {"lock": key.lock, "fingerprint": key.fingerprint, "moment": moment}
    if await executor.first(statements.claim, this | expired | claim) is None:
        return await _answered(executor, statements, key, expired)
    response = await work()
    answer = {f"new_{name}": getattr(response, name) for name in ANSWER}
    for statement in statements.keep:
        await executor.run(statement, this | expired | answer)
    return response


async def _answered(
    executor: Executor, statements: Statements, key: RequestKey, expired: dict[str, datetime]
) -> Response:
    found = await executor.first(statements.find, {"this": key.name} | expired)
    if found is None:
        raise problems.key_in_use()
    fingerprint, *answer = found
    if fingerprint != key.fingerprint:
        raise problems.key_reused()
    return Response(**dict(zip(ANSWER, answer, strict=True)))
