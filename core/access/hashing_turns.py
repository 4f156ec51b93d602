"""Hash one password at a time on a machine: it takes a processor and 19 MiB for 28 ms."""

from __future__ import annotations

import fcntl
import logging
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import BoundedSemaphore

from diptych.core.access.passwords import UNCHECKED
from diptych.core.errors import ServiceUnavailable

PATIENCE = 2.0
"""Seconds to wait for a turn."""

WAITING = 4
"""Requests of a process that wait for one, or have it."""

_POLL = 0.005

_log = logging.getLogger("diptych")

_places = BoundedSemaphore(WAITING)


@contextmanager
def hashing_turn() -> Iterator[None]:
    """Have the turn for a block, which blocks its thread.

    Errors: ServiceUnavailable when too many others wait, or the file cannot be opened.
    """
    if not _places.acquire(blocking=False):
        raise ServiceUnavailable("Too many passwords are being checked.")
    try:
        file = _opened()
        try:
            _lock(file)
            yield
        finally:
            os.close(file)
    finally:
        _places.release()


def lock_path() -> Path:
    """Return the file that all processes of one user on a machine lock."""
    return Path(tempfile.gettempdir()) / f"diptych-passwords-{os.getuid()}.lock"


def _opened() -> int:
    try:
        return os.open(lock_path(), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        # Another user of the machine may have made something of this name, or there is no directory to write to.
        _log.error("passwords cannot be checked, as the file to take turns with cannot be opened: %s", error)
        raise ServiceUnavailable(UNCHECKED) from error


def _lock(file: int) -> None:
    until = time.monotonic() + PATIENCE
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > until:
                raise ServiceUnavailable("Too many passwords are being checked.") from None
            time.sleep(_POLL)
        else:
            return
