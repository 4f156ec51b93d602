"""Numbers in memory that the processes of one service share: each writes its own, and any of them reads all.

prometheus-client has such files, too. To change numbers in them takes seven calls of its own, and of the system's, for
each request, and six per cent of the time of a small read: docs/decisions/0019-counting.md.
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
"""Keys of one process, at most."""

KEY = 128
"""Bytes of a key, at most."""

NUMBER = 8
"""Bytes of a number, which is a double."""

_BETWEEN = "\t"


class SharedCounters:
    """For each key, `width` numbers that begin at 0. directory: where other processes have theirs; None without any.

    A process that was killed has left its file, and another with its number goes on with it.

    Errors: OSError where there is no room for such a file.
    """

    def __init__(self, width: int, directory: Path | None) -> None:
        self._width = width
        self._memory = _memory(_size(width), None if directory is None else directory / f"{os.getpid()}.{width}.counts")
        self._rows = dict(_rows(self._memory, width))

    def row(self, key: Key) -> Numbers:
        """The numbers of a key, to be changed where they are. Errors: OSError where there are too many keys."""
        found = self._rows.get(key)
        if found is None:
            place = len(self._rows) * (KEY + self._width * NUMBER)
            if place == len(self._memory):
                raise OSError(errno.ENOSPC, f"more than {ROWS} kinds of requests")
            name = _BETWEEN.join(key).encode()
            if len(name) > KEY:
                raise ValueError(f"{name!r} is longer than {KEY} bytes")
            # The first byte last, by which those who read know that the row is there.
            self._memory[place + 1 : place + len(name)] = name[1:]
            self._memory[place] = name[0]
            found = self._rows[key] = _numbers(self._memory, place, self._width)
        return found

    def all(self) -> Iterator[tuple[int, Key, list[float]]]:
        """The number of this process, each of its keys, and the numbers of that."""
        for key, row in list(self._rows.items()):
            yield os.getpid(), key, list(row)


def read_all_processes(width: int, directory: Path) -> Iterator[tuple[int, Key, list[float]]]:
    """As Counts.all, of each process that has ever counted in a directory."""
    for path in sorted(directory.glob(f"*.{width}.counts")):
        with path.open("rb") as file:
            # One that is made just now has nothing in it yet.
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
        # A disk that is full is found out here: later, writing to this memory would end the process.
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
