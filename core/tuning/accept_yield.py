"""Share new connections among the workers that wait on one socket."""

from __future__ import annotations

import time

SECONDS = 0.00005


def accept_yield() -> None:
    """Sleep for a moment after an accept, so that another worker accepts the next connection.

    Otherwise the worker that wakes first accepts a whole burst, and keeps it, because clients reuse connections.
    """
    time.sleep(SECONDS)
