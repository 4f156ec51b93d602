"""Books to CSV (RFC 4180): UTF-8, commas, line ends CR LF."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

from diptych.core.formats.record import BookRecord
from diptych.core.formats.tables.cells import RECORD_LINES, guarded
from diptych.core.formats.tables.columns import COLUMNS, LOSSES, cells

__all__ = ["LOSSES", "MEDIA_TYPE", "SUFFIX", "CsvWriter"]

MEDIA_TYPE = "text/csv"
SUFFIX = ".csv"


def _row(values: Iterable[str]) -> str:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerow(values)
    return text.getvalue()


class CsvWriter:
    """Writes each book as a record, with cells in quotes where they need them."""

    begin = _row(COLUMNS).encode()
    between = b""
    end = b""
    notice = None

    def record(self, book: BookRecord) -> bytes:
        """Return one record. Of a record with more lines than `import` reads as one, the last are one line."""
        row = [guarded(cell) for cell in cells(book)]
        if sum(cell.count("\n") for cell in row) >= RECORD_LINES:
            row = [" ".join(cell.rsplit("\n", max(0, cell.count("\n") - RECORD_LINES + 1))) for cell in row]
        return _row(row).encode()
