"""A body that may be larger than memory, on its way into a file: written piece by piece, and hashed meanwhile."""

from __future__ import annotations

import hashlib
import logging
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, cast

from diptych.core.errors import ServiceUnavailable

_log = logging.getLogger("diptych")

HEAD = 65_536
"""Bytes of the beginning that are kept in memory, to see what is in the file."""


class SpoolError(ServiceUnavailable):
    """What was received could not be written: the disk is full, for example."""


class Spool:
    """A temporary file, which has no name and is gone when it is closed.

    directory: where it is; None for where Python's `tempfile` puts files. It is opened with its first bytes, because a
    process may have so many files open only. name: as the sender of what is in it calls it; empty where nothing says.
    """

    def __init__(self, directory: str | None = None, name: str = "") -> None:
        self.name = name
        self._directory = directory
        self._opened: BinaryIO | None = None
        self._hash = hashlib.sha256()
        self._size = 0
        self.head = b""

    def __len__(self) -> int:
        return self._size

    def extend(self, data: bytes | bytearray) -> None:
        """Append bytes. Errors: SpoolError, which is logged."""
        if len(self.head) < HEAD:
            self.head += bytes(data[: HEAD - len(self.head)])
        with _errors():
            self._file().write(data)
        self._hash.update(data)
        self._size += len(data)

    @property
    def digest(self) -> str:
        """The SHA-256 of what has been written, in hexadecimal."""
        return self._hash.hexdigest()

    def rewound(self) -> BinaryIO:
        """Return the file, at its beginning, all written. Errors: SpoolError, which is logged."""
        with _errors():
            file = self._file()
            file.seek(0)
        return file

    def close(self) -> None:
        """Delete the file."""
        if self._opened is not None:
            # What its buffer has and the disk has no room for is not wanted any more.
            with suppress(OSError):
                self._opened.close()

    def _file(self) -> BinaryIO:
        if self._opened is None:
            if self._directory is not None:
                Path(self._directory).mkdir(parents=True, exist_ok=True)
            self._opened = cast("BinaryIO", tempfile.TemporaryFile(dir=self._directory))  # noqa: SIM115 - `close` closes it
        return self._opened


@contextmanager
def _errors() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        _log.error("a file that is received could not be written: %s", error.strerror)
        raise SpoolError("The service cannot store files now.") from error
