"""The deadline of a request: when it has passed, the request is answered 503 and its work ends.

It begins when the request has arrived. Loops look at it every EVERY items, and so does the validation of each text;
diptych.core.db.deadlines cancels what waits for the database.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator
from contextvars import ContextVar, Token
from itertools import islice
from time import monotonic
from typing import TypeVar

from diptych.core.errors import ServiceUnavailable

TOO_LONG = "This took longer than a request may."

EVERY = 20
"""Items of a loop between two looks at the deadline: one item, a text of several thousand characters, may take 1 ms."""

T = TypeVar("T")

_deadline: ContextVar[float | None] = ContextVar("deadline", default=None)


class until:  # noqa: N801 - used as what contextlib makes is, which takes three times as long
    """Give the work in a block a deadline (monotonic)."""

    __slots__ = ("_deadline", "_token")

    _token: Token[float | None]

    def __init__(self, deadline: float) -> None:
        self._deadline = deadline

    def __enter__(self) -> None:
        self._token = _deadline.set(self._deadline)

    def __exit__(self, *_: object) -> None:
        _deadline.reset(self._token)


def remaining() -> float | None:
    """Return the seconds until the deadline; None where there is none."""
    deadline = _deadline.get()
    return None if deadline is None else deadline - monotonic()


def current() -> float | None:
    """Return the deadline (monotonic) of the current work, if it has one."""
    return _deadline.get()


def check() -> None:
    """Errors: ServiceUnavailable when the deadline has passed."""
    deadline = _deadline.get()
    if deadline is not None and monotonic() > deadline:
        raise ServiceUnavailable(TOO_LONG)


def checking(items: Iterable[T]) -> Iterator[T]:
    """Yield the items; look at the deadline before every EVERY of them. Errors: ServiceUnavailable."""
    iterator = iter(items)
    while some := list(islice(iterator, EVERY)):
        check()
        yield from some


async def checking_async(items: Iterable[T]) -> AsyncIterator[T]:
    """Yield the items as `checking` does, and let the event loop run other tasks before every EVERY of them."""
    iterator = iter(items)
    while some := list(islice(iterator, EVERY)):
        check()
        for item in some:
            yield item
        await asyncio.sleep(0)
