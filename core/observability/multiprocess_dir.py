"""Where the processes of one service count together."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile

VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
"""As prometheus-client calls it, whose users know what it is for: each process keeps a file there."""


_made: list[str] = []


def create_directory() -> None:
    """Make a directory for the processes that this one will start, unless the operator has made one.

    It goes when this process ends.
    """
    if VARIABLE not in os.environ:
        directory = os.environ[VARIABLE] = tempfile.mkdtemp(prefix="diptych-metrics-")
        _made.append(directory)
        atexit.register(_remove, directory, os.getpid())


def grant_access(user: int, group: int) -> None:
    """Let processes of another user count, too, in the directory that was made."""
    for directory in _made:
        os.chown(directory, user, group)


def _remove(directory: str, owner: int) -> None:
    # Processes that were forked have inherited this.
    if os.getpid() == owner:
        shutil.rmtree(directory)
