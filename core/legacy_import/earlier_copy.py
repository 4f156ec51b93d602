"""What an earlier `adopt --copy-from` has brought over, to find what is new, changed or deleted since."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, Uuid, column, select, table

from diptych.core.legacy_import import adopted_ids
from diptych.core.legacy_import.key_store import KeyStore
from diptych.core.legacy_import.row_conversion import OldRow

SHOWN = 20
"""Most rows of a kind that are reported by id."""


class Differences:
    """Rows by noun: how many, and the ids of the first."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.first: dict[str, list[str]] = {}

    def add(self, noun: str, shown: str) -> None:
        """Add a row."""
        self.counts[noun] += 1
        if self.counts[noun] <= SHOWN:
            self.first.setdefault(noun, []).append(shown)

    def lines(self, what: str) -> list[str]:
        """Return a line for each noun. what: has happened to the rows."""
        lines = []
        for noun, ids in self.first.items():
            count = self.counts[noun]
            more = f" and {count - len(ids):,} more" if count > len(ids) else ""
            lines.append(f"{count:,} {noun}{'' if count == 1 else 's'} {what}: {', '.join(ids)}{more}.")
        return lines


class EarlierCopy:
    """The rows that were copied before into a catalogue, compared with the rows that the old database has now."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._read = KeyStore()
        self.changed = Differences()

    def close(self) -> None:
        """Release the memory of what was read."""
        self._read.close()

    def present(self, noun: str, rows: Sequence[OldRow]) -> dict[str, bool]:
        """Return the rows that were copied before, by key, and whether the catalogue still has each; note changes."""
        keys = [row.key for row in rows]
        digests = adopted_ids.digests(self._connection, noun, keys)
        new_ids = adopted_ids.find(self._connection, noun, digests)
        there = _existing(self._connection, noun, "id", new_ids.values(), Uuid())
        for row in rows:
            self._read.add(noun, row.key)
            if row.key in digests and digests[row.key] != row.digest:
                self.changed.add(noun, row.shown)
        return {key: new_id in there for key, new_id in new_ids.items()}

    def isbns(self, numbers: Iterable[str]) -> set[str]:
        """Return those ISBNs that books of the catalogue have."""
        return _existing(self._connection, "book", "isbn", numbers)

    def deleted(self) -> Differences:
        """Return the rows that were copied before and have not been read now."""
        found = Differences()
        for noun in ("author", "tag", "book"):
            for key in adopted_ids.each_key(self._connection, noun):
                if self._read.get(noun, key) is None:
                    found.add(noun, key)
        return found


def _existing(connection: Connection, noun: str, name: str, values: Iterable[Any], kind: Any = None) -> set[Any]:
    ours = table(noun, column(name, kind))
    return set(connection.execute(select(ours.c[name]).where(ours.c[name].in_(list(values)))).scalars())
