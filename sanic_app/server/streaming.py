"""Send a response whose body comes in parts, each of which waits for its turn like a request."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from typing import Any

import sanic

from diptych.core.errors import ResponseAborted
from diptych.sanic_app.server.http_protocol import Http

Turn = Callable[[Coroutine[Any, Any, bytes]], Awaitable[bytes]]
"""Runs work when there is a slot for it."""


async def send_stream(
    request: sanic.Request, response: sanic.HTTPResponse, parts: AsyncIterator[bytes], in_turn: Turn
) -> None:
    """Send the head and all parts, of which a HEAD has none; Sanic sends the end.

    Where a part cannot be made, the connection is aborted.

    Errors: ResponseAborted, in a server that is not ours.
    """
    out: Any = await request.respond(response)
    await out.send(b"", end_stream=False)
    try:
        while request.method != "HEAD" and (part := await in_turn(_next(parts))):
            await out.send(part, end_stream=False)
    except ResponseAborted:
        if not isinstance(request.stream, Http):
            raise
        request.stream.abort()


async def _next(parts: AsyncIterator[bytes]) -> bytes:
    return await anext(parts, b"")
