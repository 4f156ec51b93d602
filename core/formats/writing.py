"""What every writer of a format provides."""

from __future__ import annotations

from typing import Protocol

from diptych.core.formats.record import BookRecord


class Writer(Protocol):
    """Writes books in one format: `begin`, the records with `between` in between, and `end` are a whole file.

    A record alone, between `begin` and `end`, is a whole file too.
    """

    begin: bytes
    between: bytes
    end: bytes

    def record(self, book: BookRecord) -> bytes:
        """Return the bytes of one book."""
        ...
