"""Books to TSV, without quotes: a cell has neither tabs nor line ends in it."""

from __future__ import annotations

from diptych.core.formats.record import BookRecord
from diptych.core.formats.tables.cells import guarded
from diptych.core.formats.tables.columns import COLUMNS, LOSSES, cells
from diptych.core.formats.text import one_line

__all__ = ["LOSSES", "MEDIA_TYPE", "SUFFIX", "TsvWriter"]

MEDIA_TYPE = "text/tab-separated-values"
SUFFIX = ".tsv"


class TsvWriter:
    """Writes each book in a line; besides what CSV loses, so are the line ends of its description."""

    begin = "\t".join(COLUMNS).encode() + b"\n"
    between = b""
    end = b""
    notice = None

    def record(self, book: BookRecord) -> bytes:
        """Return one line."""
        return "\t".join(guarded(one_line(cell)) for cell in cells(book)).encode() + b"\n"
