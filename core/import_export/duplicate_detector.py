"""Find repeated items in a file, in constant memory, by a temporary database."""

from __future__ import annotations

import sqlite3
from hashlib import blake2b
from typing import Literal


class DuplicateDetector:
    """The items of one file, by key, with the line each came from.

    Without this, two rows that say different things of one book would overwrite each other, again at every import.
    """

    def __init__(self) -> None:
        # An empty name is SQLite's for a private file of its own that goes away with the connection.
        # Batches are loaded in a thread of their own, one at a time.
        self._database = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self._database.execute("PRAGMA journal_mode=OFF")
        self._database.execute("CREATE TABLE seen (key BLOB PRIMARY KEY, content BLOB, line INT) WITHOUT ROWID")
        self._database.execute("BEGIN")

    def close(self) -> None:
        """Forget everything."""
        self._database.close()

    def check(self, key: object, content: object, line: int) -> tuple[Literal["new", "same", "other"], int]:
        """Return whether the key is new, or came before with the same content or with other; and its first line.

        key and content: any objects with distinct reprs.
        """
        row = (_digest(key), _digest(content), line)
        if self._database.execute("INSERT OR IGNORE INTO seen VALUES (?, ?, ?)", row).rowcount:
            return "new", line
        return self.find(key, content) or ("new", line)

    def find(self, key: object, content: object) -> tuple[Literal["same", "other"], int] | None:
        """Return what `check` would, without taking the key as seen; None if it is new."""
        row = self._database.execute("SELECT content, line FROM seen WHERE key = ?", (_digest(key),)).fetchone()
        return None if row is None else ("same" if row[0] == _digest(content) else "other", row[1])


def _digest(value: object) -> bytes:
    return blake2b(repr(value).encode("utf-8", "surrogatepass"), digest_size=16).digest()
