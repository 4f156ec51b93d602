"""What every writer of a format provides."""

from __future__ import annotations

from typing import Protocol

from diptych.core.formats.record import BookRecord


class Writer(Protocol):
    """Writes books in one format: `begin`, the records with `between` in between, and `end` are a whole file.

    A record alone, between `begin` and `end`, is a whole file too. notice: what the last record lost of its book
    besides what the format always loses, for people; None where it lost nothing.
    """

    begin: bytes
    between: bytes
    end: bytes

    @property
    def notice(self) -> str | None: ...

    def record(self, book: BookRecord) -> bytes:
        """Return the bytes of one book."""
        ...
