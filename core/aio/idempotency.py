"""Requests that a client may send again: the work is done once, and its answer is kept in the same transaction."""

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
    """The answer that a key was given before; else that of `work`, which is kept for the next time.

    Errors: Problem 409 while a request with the key is being answered, 422 where the key is another request's; and
    those of `work`, after which the key is as if it had never been used.
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
