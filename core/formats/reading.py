"""The iterator over the records of a file that every format has."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from diptych.core.formats.container_errors import BrokenContainerError
from diptych.core.formats.record import RawBook, Reject


class Records(Iterator[RawBook | Reject]):
    """The books and rejects of a file, one after another.

    A compressed file that cannot be read on ends with a reject that says so. notes: what the reader saw of the file as
    a whole so far, None if it takes no notes.
    """

    def __init__(self, reading: Iterator[RawBook | Reject]) -> None:
        self.notes: Any = getattr(reading, "notes", None)
        self._reading = reading
        self._number = 0

    def __next__(self) -> RawBook | Reject:
        try:
            item = next(self._reading)
        except BrokenContainerError as error:
            return Reject(self._number + 1, str(error))
        self._number = item.number if isinstance(item, RawBook) else item.line
        return item
