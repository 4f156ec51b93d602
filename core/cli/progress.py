"""Progress bars, for commands that run for minutes."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import click

T = TypeVar("T")

_STEP = 1000


@contextmanager
def progress_bar(label: str, length: Callable[[], int] | None) -> Iterator[Callable[[int], object]]:
    """Show a progress bar if there is a length and standard error is a terminal."""
    if length is None or not sys.stderr.isatty():
        yield lambda _: None
        return
    with click.progressbar(length=length(), label=label, file=sys.stderr) as bar:
        yield bar.update


def watched(items: Iterable[T], advanced: Callable[[int], object]) -> Iterator[T]:
    """Yield the items; tell now and then how many more there were."""
    passed = 0
    for item in items:
        yield item
        passed += 1
        if passed == _STEP:
            advanced(passed)
            passed = 0
    advanced(passed)
