"""The directory in which the processes of one service share their counters."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile

VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
"""prometheus-client's name for the same setting: each process keeps a file in that directory."""


_made: list[str] = []


def create_directory() -> None:
    """Create the directory for the child processes, unless the operator has set one.

    It is removed when this process ends.
    """
    if VARIABLE not in os.environ:
        directory = os.environ[VARIABLE] = tempfile.mkdtemp(prefix="diptych-metrics-")
        _made.append(directory)
        atexit.register(_remove, directory, os.getpid())


def grant_access(user: int, group: int) -> None:
    """Let processes of another user write to the created directory."""
    for directory in _made:
        os.chown(directory, user, group)


def _remove(directory: str, owner: int) -> None:
    # Forked processes inherit this exit handler.
    if os.getpid() == owner:
        shutil.rmtree(directory)
