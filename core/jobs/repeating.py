"""Do something again and again beside other work: in a thread, or in a task."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress


@contextmanager
def repeating(work: Callable[[], bool], seconds: float) -> Iterator[None]:
    """Call `work` each so many seconds while the block runs, until it returns False. It raises no errors."""
    ended = threading.Event()

    def repeat() -> None:
        while not ended.wait(seconds) and work():
            pass

    thread = threading.Thread(target=repeat, name="diptych repeating", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


@asynccontextmanager
async def repeating_async(work: Callable[[], Awaitable[bool]], seconds: float) -> AsyncIterator[None]:
    """Await `work` as `repeating` calls it."""

    async def repeat() -> None:
        wanted = True
        while wanted:
            await asyncio.sleep(seconds)
            wanted = await work()

    task = asyncio.create_task(repeat())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
