"""Records of CSV (RFC 4180) and TSV: quoting, separators, and what becomes of broken ones."""

from __future__ import annotations

import csv
import re
from collections import deque
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any

from diptych.core.formats.option_names import option
from diptych.core.formats.record import Reject
from diptych.core.formats.tables.cells import RECORD_LINES, unguarded
from diptych.core.import_export.text_source import Line, shown, unusable

FIELD_LIMIT = 1 << 20  # characters

DELIMITERS = (",", ";", "\t", "|")

# Excel's way to name the separator of a file.
_SEPARATOR_LINE = re.compile(r'"?sep=(.)"?\s*', re.IGNORECASE)
_QUOTED = re.compile(r'"[^"]*"')

Row = tuple[int, dict[str, Any] | Reject]

# Line number, text, and cells (or the reject that stands for them).
Record = tuple[int, str, list[str] | Reject]


def sniffed(lines: Iterator[Line]) -> tuple[str, Iterator[Line]]:
    """Return the separator of cells that a "sep=" line names or the header shows, and the lines from the header on."""
    first = next(lines, None)
    while first is not None and isinstance(first[1], str) and not first[1].strip(" \r\n"):
        first = next(lines, None)
    if first is None:
        return ",", iter(())
    text = first[1] if isinstance(first[1], str) else ""
    if match := _SEPARATOR_LINE.fullmatch(text):
        return match[1], lines
    bare = _QUOTED.sub("", text)
    return max(DELIMITERS, key=bare.count), chain([first], lines)


def tsv_records(lines: Iterator[Line]) -> Iterator[Record]:
    """Yield the records of TSV, in which quotes are literal."""
    for number, text in lines:
        if isinstance(text, Reject):
            yield number, "", text
        elif text.strip(" \r\n"):
            yield number, text, text.rstrip("\r\n").split("\t")


class CsvRecords:
    """Records of a CSV file. When one is broken, reading resumes on the line after its first.

    So a quote that is never closed costs its own line, not the rest of the file.
    """

    def __init__(self, lines: Iterator[Line], delimiter: str) -> None:
        # The limit is the process's, 131,072 by default; row_of() holds to FIELD_LIMIT if others raise it.
        csv.field_size_limit(max(FIELD_LIMIT, csv.field_size_limit()))
        self._lines = lines
        self._delimiter = delimiter
        self._given_back: deque[Line] = deque()
        self._taken: list[Line] = []

    def records(self) -> Iterator[Record]:
        """Yield every record that is not blank."""
        reader = self._reader()
        while True:
            self._taken.clear()
            try:
                cells = next(reader, None)
            except csv.Error as error:
                yield self._rejected(error)
                self._given_back.extendleft(reversed(self._taken[1:]))
                reader = self._reader()
                continue
            if cells is None:
                return
            text = "".join(str(line) for _, line in self._taken)
            if text.strip(" \r\n"):
                yield self._taken[0][0], text, cells

    def _reader(self) -> Iterator[list[str]]:
        return csv.reader(self._feed(), strict=True, delimiter=self._delimiter)

    def _feed(self) -> Iterator[str]:
        """Yield the lines that the csv module asks for, noting them as taken."""
        while line := self._given_back.popleft() if self._given_back else next(self._lines, None):
            self._taken.append(line)
            if isinstance(line[1], Reject) or len(self._taken) > RECORD_LINES:
                raise csv.Error("unexpected end of record")
            yield line[1]

    def _rejected(self, error: csv.Error) -> Record:
        number, text = self._taken[0]
        if isinstance(text, Reject):
            return number, "", text
        return number, "", Reject(number, _csv_reason(str(error)), shown(text))


def _csv_reason(message: str) -> str:
    """Translate the message of the csv module, or of _feed(), for users."""
    if "field limit" in message:
        return "a field is larger than 1 MiB, or a quote opened here is not closed"
    if "unexpected end" in message:
        return f"a quote opened here is not closed within {RECORD_LINES} lines"
    return f"row is not valid CSV: {message}"


def header(record: Record | None) -> tuple[str, ...]:
    """Return the column names of the first record; a blank one becomes "column 3".

    Raises ValueError when there is no header, it cannot be read, or a name is there twice.
    """
    if record is None:
        raise ValueError("the file is empty: its first line must name the columns")
    _, text, cells = record
    reason = cells.reason if isinstance(cells, Reject) else unusable(text)
    if isinstance(cells, Reject) or reason is not None:
        raise ValueError(
            f"the header line cannot be read: {reason}; are {option('format')} and {option('encoding')} right?"
        )
    names = tuple(cell.strip() or f"column {place}" for place, cell in enumerate(cells, start=1))
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"the header names a column twice: {', '.join(twice)}")
    return names


def row_of(record: Record, columns: Sequence[str]) -> Row:
    """Return the cells of a record by column, or a reject."""
    number, text, cells = record
    if isinstance(cells, Reject):
        return number, cells
    reason = unusable(text)
    if reason is None and len(cells) != len(columns):
        while len(cells) > len(columns) and not cells[-1].strip():
            del cells[-1]
        reason = None if len(cells) == len(columns) else _misfit(len(cells), len(columns))
    if reason is None and len(text) > FIELD_LIMIT and max(map(len, cells)) > FIELD_LIMIT:
        reason = "a field is larger than 1 MiB"
    if reason is not None:
        return number, Reject(number, reason, shown(text))
    if "'" in text:
        cells = [unguarded(cell) for cell in cells]
    return number, dict(zip(columns, cells, strict=True))


def _misfit(cells: int, columns: int) -> str:
    told = f"row has {cells} cell{'' if cells == 1 else 's'}, the header has {columns}"
    return f"{told}: is there a separator in a cell without quotes?" if cells > columns else told
