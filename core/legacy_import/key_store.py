"""Keys of any number, in constant memory: what has come already while rows are read."""

from __future__ import annotations

import sqlite3


class KeyStore:
    """Keys of several kinds, in a private temporary database."""

    def __init__(self) -> None:
        # An empty name is SQLite's for a private file of its own that goes away with the connection.
        self._database = sqlite3.connect("", isolation_level=None)
        self._database.execute("PRAGMA journal_mode=OFF")
        self._database.execute(
            "CREATE TABLE key (kind TEXT, key BLOB, value BLOB, PRIMARY KEY (kind, key)) WITHOUT ROWID"
        )
        self._database.execute("BEGIN")

    def close(self) -> None:
        """Forget everything."""
        self._database.close()

    def add(self, kind: str, key: str, value: str = "") -> bool:
        """Add a key with a value, and return whether it is new. The value of one that is there stays."""
        statement = "INSERT OR IGNORE INTO key VALUES (?, ?, ?)"
        return self._database.execute(statement, (kind, _stored(key), _stored(value))).rowcount > 0

    def get(self, kind: str, key: str) -> str | None:
        """Return the value of a key, None where it has not been added."""
        statement = "SELECT value FROM key WHERE kind = ? AND key = ?"
        row = self._database.execute(statement, (kind, _stored(key))).fetchone()
        return None if row is None else row[0].decode("utf-8", "surrogatepass")


def _stored(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
