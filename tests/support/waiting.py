"""Waiting for what has to happen, however slow the machine is."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from tests.support.databases import PATIENCE

T = TypeVar("T")


def until(found: Callable[[], T]) -> T:
    """Ask again and again until something is found (or true), and return it. Errors: AssertionError after PATIENCE."""
    deadline = time.monotonic() + PATIENCE
    while not (last := found()):
        assert time.monotonic() < deadline, f"it has not happened in {PATIENCE} s: {last!r}"
        time.sleep(0.02)
    return last
