"""Reading rows from CSV, TSV, JSON Lines and JSON files of any size, in constant memory.

What is wrong with one row rejects that row; reading goes on with the next.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, TextIO

from diptych.core.import_export.csv_rows import CsvRecords, Row, header, row_of, sniffed, tsv_records
from diptych.core.import_export.json_rows import json_lines, json_members
from diptych.core.import_export.text_source import numbered_lines

TableFormat = Literal["csv", "tsv", "jsonl", "json"]


class Rows(Iterator[Row]):
    """Numbered rows of a file.

    columns: those of its header line, None for JSON. delimiter: what is between the cells, None for JSON.
    """

    def __init__(self, numbered: Iterator[Row], columns: tuple[str, ...] | None, delimiter: str | None) -> None:
        self.columns = columns
        self.delimiter = delimiter
        self._numbered = numbered

    def __next__(self) -> Row:
        return next(self._numbered)


def rows(stream: TextIO, file_format: TableFormat) -> Rows:
    """Return an iterator over (number from 1, row or reject) of an open file: of lines, or of the objects of JSON.

    CSV has quoting, and its separator is the one that its header shows; TSV has no quoting. Cells are str; JSON rows
    hold what JSON can, but for numbers with a fraction or exponent, which come as the text in the file.
    Blank lines are skipped. Raises ValueError when the header line of a CSV or TSV file is unusable.
    """
    if file_format == "json":
        return Rows(json_members(stream), None, None)
    lines = numbered_lines(stream)
    if file_format == "jsonl":
        return Rows(json_lines(lines), None, None)
    delimiter, lines = ("\t", lines) if file_format == "tsv" else sniffed(lines)
    records = tsv_records(lines) if file_format == "tsv" else CsvRecords(lines, delimiter).records()
    columns = header(next(records, None))
    return Rows((row_of(record, columns) for record in records), columns, delimiter)
