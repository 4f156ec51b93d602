"""Wait for events, however slow the machine is."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

PATIENCE = 300
"""Seconds after which a test gives up waiting. Tests have no other time limit, because machines may be slow."""


def until(found: Callable[[], T]) -> T:
    """Call `found` until its result is true, and return it. Errors: AssertionError after PATIENCE seconds."""
    deadline = time.monotonic() + PATIENCE
    while not (last := found()):
        assert time.monotonic() < deadline, f"it has not happened in {PATIENCE} s: {last!r}"
        time.sleep(0.02)
    return last
