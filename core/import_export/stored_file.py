"""A file that was sent to be imported, as a stream: read a part at a time, each in a unit of work of its own."""

from __future__ import annotations

import io
import os
from functools import partial
from typing import Any, BinaryIO, cast
from uuid import UUID

from diptych.core.files.store import FileStore
from diptych.core.http.request_response import FileRange
from diptych.core.imports import queries
from diptych.core.imports.rules import CHUNK, GONE, PART
from diptych.core.jobs.rules import JobFailed
from diptych.core.sync.statement_executor import Executor
from diptych.core.sync.unit_of_work import Database


class StoredFile(io.RawIOBase):
    """The bytes of a file. It holds no connection between two reads.

    Errors: JobFailed where the file was deleted; those of the store, and of Database.read.
    """

    def __init__(self, database: Database, store: FileStore, import_id: UUID) -> None:
        self._database = database
        self._store = store
        self._import_id = import_id
        row = database.read(lambda executor: executor.first(queries.FILE, {"import_id": import_id}))
        if row is None:
            raise JobFailed(GONE)
        self.name, self.size, self._digest = row
        if self._digest is not None and store.size(self._digest) is None:
            raise JobFailed(GONE)
        self._part_size = CHUNK if self._digest is None else PART
        self._position = 0
        self._number = -1
        self._part = b""

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self.size}[whence]
        self._position = max(0, start + offset)
        return self._position

    def tell(self) -> int:
        return self._position

    def readinto(self, buffer: Any) -> int:
        if self._position >= self.size:
            return 0
        number, start = divmod(self._position, self._part_size)
        if number != self._number:
            self._part = self._read(number)
            self._number = number
        data = self._part[start : start + len(buffer)]
        buffer[: len(data)] = data
        self._position += len(data)
        return len(data)

    def buffered(self) -> BinaryIO:
        """Return the file as others read it."""
        return cast(BinaryIO, io.BufferedReader(self, 1 << 16))

    def _read(self, number: int) -> bytes:
        if self._digest is None:
            return self._database.read(partial(self._read_chunk, number))
        start = number * PART
        return b"".join(self._store.read(FileRange(self._digest, start, min(start + PART, self.size))))

    def _read_chunk(self, number: int, executor: Executor) -> bytes:
        """Return a part of a file that the release before has put into the database."""
        row = executor.first(queries.CHUNK, {"import_id": self._import_id, "number": number})
        if row is None:
            raise JobFailed(GONE)
        return bytes(row[0])
