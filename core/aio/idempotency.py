"""Requests that a client may send again: the work is done once, and its answer is kept in the same transaction."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from core.http import problems
from core.http.idempotency import Key
from core.http.messages import Response
from core.models.base import now
from core.queries.idempotency import ANSWER, STATEMENTS, Statements
from core.rules.idempotency import LIFETIME


async def once(session: AsyncSession, key: Key, work: Callable[[], Awaitable[Response]]) -> Response:
    """The answer that a key was given before; else that of `work`, which is kept for the next time.

    Errors: Problem 409 while a request with the key is being answered, 422 where the key is another request's; and
    those of `work`, after which the key is as if it had never been used.
    """
    statements = STATEMENTS[session.get_bind().dialect.name]
    moment = now()
    this = {"this": key.name}
    expired = {"expired": moment - LIFETIME}
    claim = {"lock": key.lock, "fingerprint": key.fingerprint, "moment": moment}
    if (await session.execute(statements.claim, this | expired | claim)).first() is None:
        return await _answered(session, statements, key, expired)
    response = await work()
    answer = {f"new_{name}": getattr(response, name) for name in ANSWER}
    for statement in statements.keep:
        await session.execute(statement, this | expired | answer)
    return response


async def _answered(session: AsyncSession, statements: Statements, key: Key, expired: dict[str, datetime]) -> Response:
    found = (await session.execute(statements.find, {"this": key.name} | expired)).one_or_none()
    if found is None:
        raise problems.key_in_use()
    if found.fingerprint != key.fingerprint:
        raise problems.key_reused()
    return Response(found.status, found.body, found.content_type, found.headers)
