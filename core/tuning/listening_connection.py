"""Async PostgreSQL connections whose socket stays registered with the event loop.

psycopg registers the socket for each wait and removes it afterwards. Under uvloop that takes seven system calls, a
quarter of the cost of a short statement: docs/decisions/0016-drivers.md.
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
"""Polling interval in seconds that psycopg uses for waits without a timeout."""


class ListeningConnection(psycopg.AsyncConnection[Any]):
    """A psycopg AsyncConnection with the same behaviour and a cheaper `wait`."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._watcher: _SocketWatcher | None = None

    @property
    def silent(self) -> bool:
        """Whether the server has sent nothing since its last response.

        When the server closes the connection, this becomes False.
        """
        return self._watcher is not None and self._watcher.silent

    async def wait(self, gen: PQGen[T], interval: float = INTERVAL, timeout: float | None = None) -> T:  # noqa: ASYNC109 - psycopg's signature
        if timeout is not None or interval != INTERVAL:
            self._stop_watching()
            return await super().wait(gen, interval, timeout)
        wanted, interrupted = None, None
        try:
            wanted = next(gen)
            while wanted == Wait.R and (watcher := self._listening()):
                await watcher.readable()
                wanted = gen.send(Ready.R)
        except StopIteration as end:
            result: T = end.value
            return result
        except asyncio.CancelledError as error:
            interrupted = error
        # Only waiting for input is handled here; sending more than the socket buffer takes, and cancelling, are left
        # to psycopg.
        self._stop_watching()
        return await super().wait(_ResumedGenerator(gen, wanted, interrupted), interval)

    async def close(self) -> None:
        self._stop_watching()
        await super().close()

    def finish(self) -> None:
        """Close without awaiting; psycopg's own close does not wait either."""
        self._stop_watching()
        self.pgconn.finish()

    def _listening(self) -> _SocketWatcher | None:
        """Return the watcher of this loop; None where no file descriptor is left."""
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
    """Watch a socket for input with the event loop.

    It watches a dup'd descriptor: libpq may close its own at any time, and closing a watched one breaks the loop.

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
        loop.add_reader(self._descriptor, self._on_readable)

    async def readable(self) -> None:
        """Wait until there is input, or the watcher is closed."""
        self._waiter = self.loop.create_future()
        if self._timer is None:
            self._timer = self.loop.call_later(INTERVAL, self._rewatch)
        try:
            await self._waiter
        finally:
            self._waiter = None
            self.silent = True

    def _on_readable(self) -> None:
        if self._waiter is not None:
            self._wake()
        elif self.silent:
            # The loop may report a response once more that has been read already.
            self.silent = False
        else:
            # Input without a statement: the server has closed the connection, which the loop would report again and
            # again.
            self.close()

    def _rewatch(self) -> None:
        """Register the socket again every INTERVAL, as psycopg does: uvloop reports a broken connection only once.

        The timer is kept across statements, so that most statements start none.
        """
        self._timer = None
        if self._waiter is not None:
            self.loop.remove_reader(self._descriptor)
            self.loop.add_reader(self._descriptor, self._on_readable)
            self._timer = self.loop.call_later(INTERVAL, self._rewatch)

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def close(self) -> None:
        """Stop watching, and wake the waiting task, which then finds out the state of the connection."""
        if self.closed:
            return
        self.closed, self.silent = True, False
        if self._timer is not None:
            self._timer.cancel()
        self.loop.remove_reader(self._descriptor)
        os.close(self._descriptor)
        self._wake()

    def __del__(self) -> None:
        # The loop is closed and has dropped its reference.
        self.close()


class _ResumedGenerator(Generator[Any, Any, T]):
    """The rest of a generator that has run up to a wait. interrupted: an exception to raise first, if any."""

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
