"""Counters in memory shared by the processes of one service: each writes its own file, any of them reads all.

prometheus-client has such files too, but changing its counters takes seven calls for each request, six percent of the
time of a small read: docs/decisions/0019-counting.md.
"""

from __future__ import annotations

import errno
import mmap
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeAlias

Key = tuple[str, ...]
Numbers: TypeAlias = "memoryview[float]"

ROWS = 2048
"""Most keys of one process."""

KEY = 128
"""Most bytes of a key."""

NUMBER = 8
"""Bytes of a number, which is a double."""

_BETWEEN = "\t"


class SharedCounters:
    """`width` numbers for each key, initially 0. directory: shared with other processes; None for private memory.

    A process reuses the file that a killed process with the same pid has left.

    Errors: OSError where there is no space for the file.
    """

    def __init__(self, width: int, directory: Path | None) -> None:
        self._width = width
        self._memory = _memory(_size(width), None if directory is None else directory / f"{os.getpid()}.{width}.counts")
        self._rows = dict(_rows(self._memory, width))

    def row(self, key: Key) -> Numbers:
        """Return the numbers of a key, to be changed in place. Errors: OSError where there are too many keys."""
        found = self._rows.get(key)
        if found is None:
            place = len(self._rows) * (KEY + self._width * NUMBER)
            if place == len(self._memory):
                raise OSError(errno.ENOSPC, f"more than {ROWS} kinds of requests")
            name = _BETWEEN.join(key).encode()
            if len(name) > KEY:
                raise ValueError(f"{name!r} is longer than {KEY} bytes")
            # The first byte of the key is written last: readers take it as the sign that the row is complete.
            self._memory[place + 1 : place + len(name)] = name[1:]
            self._memory[place] = name[0]
            found = self._rows[key] = _numbers(self._memory, place, self._width)
        return found

    def all(self) -> Iterator[tuple[int, Key, list[float]]]:
        """Yield this process's pid, each key, and its numbers."""
        for key, row in list(self._rows.items()):
            yield os.getpid(), key, list(row)


def read_all_processes(width: int, directory: Path) -> Iterator[tuple[int, Key, list[float]]]:
    """Yield the counters of every process that has used a directory, as SharedCounters.all."""
    for path in sorted(directory.glob(f"*.{width}.counts")):
        with path.open("rb") as file:
            # A file that is just being created is still empty.
            if os.fstat(file.fileno()).st_size == _size(width):
                memory = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
                for key, row in _rows(memory, width):
                    yield int(path.name.partition(".")[0]), key, list(row)


def _size(width: int) -> int:
    return ROWS * (KEY + width * NUMBER)


def _memory(size: int, path: Path | None) -> mmap.mmap:
    if path is None:
        return mmap.mmap(-1, size)
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        # Allocate the blocks now: writing to the mapping of a full disk later would kill the process.
        os.posix_fallocate(descriptor, 0, size)
        return mmap.mmap(descriptor, size)
    finally:
        os.close(descriptor)


def _rows(memory: mmap.mmap, width: int) -> Iterator[tuple[Key, Numbers]]:
    length = KEY + width * NUMBER
    for place in range(0, len(memory), length):
        name = memory[place : place + KEY].rstrip(b"\0")
        if not name:
            return
        yield tuple(name.decode().split(_BETWEEN)), _numbers(memory, place, width)


def _numbers(memory: Any, place: int, width: int) -> Numbers:
    return memoryview(memory)[place + KEY : place + KEY + width * NUMBER].cast("d")
