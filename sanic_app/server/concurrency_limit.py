"""Run database work to its end even if the client disconnects, as under Flask.

Sanic cancels the handler of a disconnected client. A cancelled unit of work would leave its connection and its locks
to the garbage collector.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

import sanic

from diptych.core.http.request_response import Response
from diptych.sanic_app.server.http_protocol import Http


class ConcurrencyLimiter:
    """Limits the number of requests that use the database. at_once: the limit.

    Requests over the limit are queued in order, as for gunicorn's threads, because the pool would reject them after
    its short timeout. Requests whose client disconnected while queued are not run.
    """

    def __init__(self, at_once: int) -> None:
        self._turns = asyncio.Semaphore(at_once)
        self._running: set[asyncio.Task[Any]] = set()

    async def run(self, request: sanic.Request, work: Coroutine[Any, Any, Response], *, asks: bool) -> Response:
        """Run the work and return its response. asks: whether it uses the database."""
        if asks:
            try:
                await self._turns.acquire()
            except asyncio.CancelledError:
                work.close()
                raise
            work = self._in_turn(work)
        if not isinstance(request.stream, Http):
            task = asyncio.create_task(self._to_end(work))
            return await asyncio.shield(task)
        protocol = request.stream.protocol
        protocol.working = True
        try:
            return await self._to_end(work)
        finally:
            protocol.working = False

    async def _in_turn(self, work: Coroutine[Any, Any, Response]) -> Response:
        try:
            return await work
        finally:
            self._turns.release()

    async def _to_end(self, work: Coroutine[Any, Any, Response]) -> Response:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - there is one in a coroutine
        self._running.add(task)
        try:
            return await work
        finally:
            self._running.discard(task)

    async def stop(self) -> None:
        """Cancel the running work."""
        for task in self._running:
            task.cancel()
        if self._running:
            await asyncio.wait(self._running, timeout=1)
