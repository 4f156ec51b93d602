"""The names of Open Library's authors, from its dump of authors."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Any, BinaryIO

from diptych.core.formats.open_library.edition import last_part
from diptych.core.formats.open_library.records import records
from diptych.core.formats.record import Reject


class AuthorNames:
    """Names by keys such as OL23919A. They are millions: they are on disk, in a file that SQLite deletes.

    count: how many. unread: lines that could not be read.
    """

    def __init__(self, stream: BinaryIO) -> None:
        """Read the (unpacked) dump of authors. Raises ValueError if there is no author in it."""
        self.unread = 0
        self._database = sqlite3.connect("")  # the name of a temporary file
        self._database.execute("PRAGMA cache_size = -65536")
        self._database.execute("CREATE TABLE author (key TEXT PRIMARY KEY, name TEXT NOT NULL) WITHOUT ROWID")
        with self._database:
            self._database.executemany("INSERT OR REPLACE INTO author VALUES (?, ?)", self._named(stream))
        self.count: int = self._database.execute("SELECT count(*) FROM author").fetchone()[0]
        if not self.count:
            self.close()
            raise ValueError("there is no author in the file of authors: it must be Open Library's dump of authors")

    def name_of(self, key: str) -> str | None:
        """Return the name of an author, None if it is not in the dump."""
        row = self._database.execute("SELECT name FROM author WHERE key = ?", (key,)).fetchone()
        return None if row is None else row[0]

    def close(self) -> None:
        """Delete the file."""
        self._database.close()

    def _named(self, stream: BinaryIO) -> Iterator[tuple[str, str]]:
        for _, content in records(stream, None):
            if isinstance(content, Reject):
                self.unread += 1
            elif (pair := _pair(*content)) is not None:
                yield pair


def _pair(kind: str, record: Any) -> tuple[str, str] | None:
    """Return key and name of a record that is an author, or None."""
    if kind != "author" or not isinstance(record, dict):
        return None
    key, name = record.get("key"), record.get("name")
    return (last_part(key), name) if isinstance(key, str) and isinstance(name, str) else None
