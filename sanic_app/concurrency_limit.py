"""Work in the database that goes to its end though its client has gone, as it does under Flask.

Sanic cancels a handler whose client has gone. A unit of work that is cut off half-way leaves its connection, and what
it holds locked, to the garbage collector.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

import sanic

from diptych.core.http.request_response import Response
from diptych.sanic_app.http_protocol import Http


class ConcurrencyLimiter:
    """What is at work. at_once: how many may be that ask the database.

    Whoever finds no connection to the database waits here, in order, as for one of gunicorn's threads: the pool would
    refuse all that it has none for within a second. Whose client goes meanwhile is not begun.
    """

    def __init__(self, at_once: int) -> None:
        self._turns = asyncio.Semaphore(at_once)
        self._running: set[asyncio.Task[Any]] = set()

    async def run(self, request: sanic.Request, work: Coroutine[Any, Any, Response], *, asks: bool) -> Response:
        """The result of a work. asks: whether it asks the database."""
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
        """End what is still at work."""
        for task in self._running:
            task.cancel()
        if self._running:
            await asyncio.wait(self._running, timeout=1)
