"""The end of a process."""

from __future__ import annotations

import atexit
import gc


def end_at_once() -> None:
    """Let the process, when it ends, not look for garbage among all that goes with it anyway.

    Python would three times, and a worker takes most of a second for that, in which a restart waits.
    """
    atexit.register(gc.freeze)
