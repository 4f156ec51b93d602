"""Run database work to its end even if the client disconnects, as under Flask.

Sanic cancels the handler of a disconnected client. A cancelled unit of work would leave its connection and its locks
to the garbage collector.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable
from typing import Any, TypeVar

from diptych.core.http.lanes import Lane
from diptych.sanic_app.server.http_protocol import Http

T = TypeVar("T")


class ConcurrencyLimiter:
    """Limits the number of requests that use the database. at_once: the limit.

    Requests over the limit are queued in order, as for gunicorn's threads, because the pool would reject them after
    its short timeout. Requests whose client disconnected while queued are not run. Costly requests may take half of
    the slots, at least one; checks of readiness take none, and run one at a time, as do
    reads of the metrics; probes are not limited.
    """

    def __init__(self, at_once: int) -> None:
        slots, half = asyncio.Semaphore(at_once), asyncio.Semaphore(max(1, at_once // 2))
        self._limits = {
            Lane.PROBE: (),
            Lane.READINESS: (asyncio.Semaphore(1),),
            Lane.METRICS: (asyncio.Semaphore(1),),
            Lane.COSTLY: (half, slots),
            Lane.ORDINARY: (slots,),
        }
        """What a request takes before it runs, in this order."""
        self._running: set[asyncio.Task[Any]] = set()

    async def run(self, stream: Any, work: Coroutine[Any, Any, T], lane: Lane) -> T:
        """Run the work for the connection that a request came by, and return its result."""
        limits = self._limits[lane]
        try:
            await _take(limits)
        except asyncio.CancelledError:
            work.close()
            raise
        if not isinstance(stream, Http):
            task = asyncio.create_task(self._to_end(work, limits))
            return await asyncio.shield(task)
        protocol = stream.protocol
        protocol.working = True
        try:
            return await self._to_end(work, limits)
        finally:
            protocol.working = False

    async def _to_end(self, work: Coroutine[Any, Any, T], limits: Iterable[asyncio.Semaphore]) -> T:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - there is one in a coroutine
        self._running.add(task)
        try:
            return await work
        finally:
            self._running.discard(task)
            for limit in limits:
                limit.release()

    async def stop(self) -> None:
        """Cancel the running work."""
        for task in self._running:
            task.cancel()
        if self._running:
            await asyncio.wait(self._running, timeout=1)


async def _take(limits: Iterable[asyncio.Semaphore]) -> None:
    """Take a place in each of the limits, or in none if this is cancelled."""
    taken: list[asyncio.Semaphore] = []
    try:
        for limit in limits:
            await limit.acquire()
            taken.append(limit)
    except asyncio.CancelledError:
        for limit in taken:
            limit.release()
        raise
