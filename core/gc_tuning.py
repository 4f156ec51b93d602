"""Spare Python's garbage collector what stays to the end: what is loaded at the start, and all of it at the exit."""

from __future__ import annotations

import atexit
import gc


def freeze_gc() -> None:
    """Let what has been loaded by now not be looked through any more: a server keeps it until it ends.

    That takes a tenth of a second each time, in which nobody is answered.
    """
    gc.freeze()


def skip_gc_at_exit() -> None:
    """Let the process, when it ends, not look for garbage among all that goes with it anyway.

    Python would three times, and a worker takes most of a second for that, in which a restart waits.
    """
    atexit.register(gc.freeze)
