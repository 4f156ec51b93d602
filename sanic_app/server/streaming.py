"""Send a response whose body is made in parts; each part takes a slot of the concurrency limit, as a request does."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import closing
from inspect import isawaitable
from typing import Any

import sanic
from sanic.http import Http

from diptych.core.aio.response_stream import ResponseStream
from diptych.core.errors import ResponseAborted
from diptych.sanic_app.server.connection_reset import reset

Turn = Callable[[Coroutine[Any, Any, bytes]], Awaitable[bytes]]
"""Runs work when there is a slot for it."""


async def send_stream(
    request: sanic.Request, response: sanic.HTTPResponse, parts: ResponseStream, in_turn: Turn
) -> None:
    """Send the head and all parts, of which a HEAD has none, and close the stream; Sanic sends the end.

    Where a part cannot be made, or the server stops, the connection is reset.

    Errors: ResponseAborted, in a server that is not Sanic's.
    """
    with closing(parts):
        out: Any = await request.respond(response)
        await out.send(b"", end_stream=False)
        if request.method == "HEAD":
            await _end_head(request, out)
        else:
            await _send_parts(request, out, parts, in_turn)


async def _send_parts(request: sanic.Request, out: Any, parts: ResponseStream, in_turn: Turn) -> None:
    try:
        while part := await in_turn(_next(parts)):
            await out.send(part, end_stream=False)
    except ResponseAborted:
        if not isinstance(request.stream, Http):
            raise
        # Sanic would end the body as if it were complete.
        reset(request.transport)
    except asyncio.CancelledError:
        if isinstance(request.stream, Http):
            reset(request.transport)
        raise


async def _end_head(request: sanic.Request, out: Any) -> None:
    """End a response to HEAD. Sanic would await what its `head_response_ignored` returns, which is None."""
    if isinstance(request.stream, Http):
        ended = out.stream.send(b"", True)
        if isawaitable(ended):
            await ended


async def _next(parts: ResponseStream) -> bytes:
    return await anext(parts, b"")
