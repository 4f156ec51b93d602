"""Files of rejected rows, in the columns of their source and with a reason: to be mended and imported again."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any, BinaryIO, Protocol

import msgspec

from diptych.core.formats.record import Reject
from diptych.core.formats.tables.cells import guarded, unguarded
from diptych.core.import_export.column_mapping import REASON


class RejectWriter(Protocol):
    """Where rejects are written."""

    def write(self, reject: Reject) -> None:
        """Write a reject."""
        ...


def cells_of(text: str, columns: Sequence[str], delimiter: str, *, had_reason: bool) -> list[str]:
    """Return the cells of a row that does not fit its columns, so that they still do not.

    had_reason: whether the last cell is the reason of an import before.
    """
    cells = next(csv.reader([text], delimiter=delimiter), [])
    if had_reason:
        cells = cells[:-1]
    return [unguarded(cell) for cell in (cells if len(cells) != len(columns) else [text, ""])]


class TableRejects:
    """Rejects as CSV or TSV: the header of their source and a reason.

    Cells that a spreadsheet would calculate are guarded. A row whose cells do not fit the header is written as it
    stands, and the reason after its last cell: it does not fit until someone has mended it.
    """

    def __init__(self, file: BinaryIO, columns: Sequence[str], delimiter: str, encoding: str) -> None:
        self._file = file
        self._columns = [column for column in columns if column != REASON]
        self._had_reason = REASON in columns
        self._delimiter = delimiter
        self._encoding = encoding
        self._write([*self._columns, REASON])

    def write(self, reject: Reject) -> None:
        if isinstance(reject.raw, dict):
            values = (guarded(str(reject.raw.get(column, ""))) for column in self._columns)
            self._write([*values, reject.reason])
            return
        cells = cells_of(reject.raw, self._columns, self._delimiter, had_reason=self._had_reason)
        self._write([*(guarded(cell) for cell in cells), reject.reason])

    def _write(self, cells: Sequence[str]) -> None:
        text = io.StringIO(newline="")
        if self._delimiter == "\t":  # TSV has no quoting
            text.write("\t".join(cell.replace("\t", " ").replace("\n", " ") for cell in cells) + "\n")
        else:
            csv.writer(text, delimiter=self._delimiter, lineterminator="\n").writerow(cells)
        self._file.write(text.getvalue().encode(self._encoding, "replace"))


class JsonRejects:
    """Rejects as JSON Lines: the members of their row and a reason; a row that is no object is its text."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def write(self, reject: Reject) -> None:
        row: dict[str, Any] = reject.raw if isinstance(reject.raw, dict) else {"text": reject.raw}
        self._file.write(msgspec.json.encode({**row, REASON: reject.reason}) + b"\n")


class RecordRejects:
    """Rejects of a format without columns as JSON Lines: the number of the record, the reason, and what it holds."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def write(self, reject: Reject) -> None:
        line = {"record": reject.line, REASON: reject.reason, "content": reject.raw}
        self._file.write(msgspec.json.encode(line) + b"\n")
