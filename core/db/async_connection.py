"""Connections to PostgreSQL that an event loop listens to all the while, and not for each statement anew.

psycopg has a loop watch a socket while it waits for the server, and no longer. Under uvloop that is seven calls of the
system each time, and a quarter of what a short statement costs: docs/decisions/0016-drivers.md.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Generator
from typing import Any, TypeVar

import psycopg
from psycopg.abc import PQGen
from psycopg.waiting import Ready, Wait

T = TypeVar("T")

INTERVAL = 0.1
"""Seconds, psycopg's own for whatever may wait as long as it takes."""


class ListeningConnection(psycopg.AsyncConnection[Any]):
    """A connection of psycopg's, which behaves as psycopg's own do."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._watcher: _SocketWatcher | None = None

    @property
    def silent(self) -> bool:
        """Whether the loop has heard nothing from the server since its last answer. When that closes, it does."""
        return self._watcher is not None and self._watcher.silent

    async def wait(self, gen: PQGen[T], interval: float = INTERVAL, timeout: float | None = None) -> T:  # noqa: ASYNC109 - psycopg's signature
        if timeout is not None or interval != INTERVAL:
            self._stop_watching()
            return await super().wait(gen, interval, timeout)
        wanted, interrupted = None, None
        try:
            wanted = next(gen)
            while wanted == Wait.R and (ear := self._listening()):
                await ear.heard()
                wanted = gen.send(Ready.R)
        except StopIteration as end:
            result: T = end.value
            return result
        except asyncio.CancelledError as error:
            interrupted = error
        # To send more than the system takes at once, and to cancel what is under way, is left to psycopg.
        self._stop_watching()
        return await super().wait(_ResumedGenerator(gen, wanted, interrupted), interval)

    async def close(self) -> None:
        self._stop_watching()
        await super().close()

    def finish(self) -> None:
        """Close, where nothing can be waited for: psycopg's own close waits for nothing, either."""
        self._stop_watching()
        self.pgconn.finish()

    def _listening(self) -> _SocketWatcher | None:
        """None where the system has no descriptor left."""
        loop = asyncio.get_running_loop()
        if self._watcher is None or self._watcher.closed or self._watcher.loop is not loop:
            self._stop_watching()
            try:
                self._watcher = _SocketWatcher(loop, self.pgconn.socket)
            except OSError:
                self._watcher = None
        return self._watcher

    def _stop_watching(self) -> None:
        if self._watcher is not None:
            self._watcher.close()


class _SocketWatcher:
    """What a loop hears from a socket.

    By a descriptor of its own: a loop cannot bear that a file is closed which it watches, and libpq closes its own
    whenever it likes.

    Errors: OSError.
    """

    __slots__ = ("_descriptor", "_timer", "_waiter", "closed", "loop", "silent")

    def __init__(self, loop: asyncio.AbstractEventLoop, descriptor: int) -> None:
        self.closed = True
        self.loop = loop
        self.silent = True
        self._timer: asyncio.TimerHandle | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._descriptor = os.dup(descriptor)
        self.closed = False
        loop.add_reader(self._descriptor, self._hear)

    async def heard(self) -> None:
        """Wait until there is something to be read, or this is closed."""
        self._waiter = self.loop.create_future()
        if self._timer is None:
            self._timer = self.loop.call_later(INTERVAL, self._rewatch)
        try:
            await self._waiter
        finally:
            self._waiter = None
            self.silent = True

    def _hear(self) -> None:
        if self._waiter is not None:
            self._wake()
        elif self.silent:
            # A loop may tell of an answer again that has been read meanwhile.
            self.silent = False
        else:
            # Nobody has asked anything: the server has closed, and that would be heard again and again.
            self.close()

    def _rewatch(self) -> None:
        """Do for whoever still waits what psycopg does as often: uvloop tells of a broken connection once, no more.

        The timer goes on from one statement to the next, so that few of them need one.
        """
        self._timer = None
        if self._waiter is not None:
            self.loop.remove_reader(self._descriptor)
            self.loop.add_reader(self._descriptor, self._hear)
            self._timer = self.loop.call_later(INTERVAL, self._rewatch)

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def close(self) -> None:
        """Listen no longer. Whoever waits finds out what has become of the connection."""
        if self.closed:
            return
        self.closed, self.silent = True, False
        if self._timer is not None:
            self._timer.cancel()
        self.loop.remove_reader(self._descriptor)
        os.close(self._descriptor)
        self._wake()

    def __del__(self) -> None:
        # The loop has been closed, and has forgotten it.
        self.close()


class _ResumedGenerator(Generator[Any, Any, T]):
    """What is left of a generator that has been run until it waits. interrupted: what to raise first, if anything."""

    def __init__(self, generator: PQGen[T], wanted: Wait | None, interrupted: BaseException | None) -> None:
        self._generator = generator
        self._wanted = wanted
        self._interrupted = interrupted

    def send(self, value: Any) -> Any:
        if self._interrupted is not None:
            error, self._interrupted = self._interrupted, None
            raise error
        if self._wanted is not None:
            wanted, self._wanted = self._wanted, None
            return wanted
        return self._generator.send(value)

    def throw(self, *error: Any) -> Any:
        return self._generator.throw(*error)
