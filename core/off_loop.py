"""Work whose time grows with a body, kept away from the event loop: a pair of functions, one for each twin."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import partial
from typing import TypeVar

from diptych.core.access.hashing_turns import WAITING, hashing_turn

T = TypeVar("T")

_reading = ThreadPoolExecutor(1, thread_name_prefix="diptych reads")
_writing = ThreadPoolExecutor(1, thread_name_prefix="diptych writes")
"""One thread each, which starts with the first work: Python runs one at a time, and the event loop should be next."""


_hashing = ThreadPoolExecutor(WAITING + 1, thread_name_prefix="diptych passwords")
"""Threads that wait for a turn: one more than may, so that the last is refused at once."""


def read_body(_large: bool, work: Callable[[], T]) -> T:  # noqa: FBT001 - the twin's signature
    """Return the result of work on a request's body."""
    return work()


async def read_body_async(large: bool, work: Callable[[], T]) -> T:  # noqa: FBT001 - one of two, with the work
    """Return the result of work on a request's body, done in a thread if that is large. It has the caller's context."""
    return await _run(_reading, work) if large else work()


def write_body(_large: bool, work: Callable[[], T]) -> T:  # noqa: FBT001 - the twin's signature
    """Return the result of work on a response's body."""
    return work()


async def write_body_async(large: bool, work: Callable[[], T]) -> T:  # noqa: FBT001 - one of two, with the work
    """Return the result of work on a response's body, done in a thread if that is large."""
    return await _run(_writing, work) if large else work()


def hash_in_turn(work: Callable[[], T]) -> T:
    """Return the result of work on a password, done while nobody else on this machine does such work.

    Errors: ServiceUnavailable when too many others wait.
    """
    with hashing_turn():
        return work()


async def hash_in_turn_async(work: Callable[[], T]) -> T:
    """As `hash_in_turn`, in a thread."""
    return await _run(_hashing, partial(hash_in_turn, work))


def in_thread(work: Callable[[], T]) -> T:
    """Return the result of work that blocks."""
    return work()


async def in_thread_async(work: Callable[[], T]) -> T:
    """As `in_thread`, in a thread of its own."""
    return await asyncio.to_thread(work)


async def _run(executor: ThreadPoolExecutor, work: Callable[[], T]) -> T:
    return await asyncio.get_running_loop().run_in_executor(executor, copy_context().run, work)
