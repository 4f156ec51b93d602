"""The books of one file, whatever its format: rows of a table, or the records of a bibliographic format."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO, Literal, cast

from msgspec import Struct

from diptych.core.formats.container_errors import BrokenContainerError
from diptych.core.formats.containers import OpenedFile, open_file, open_stream
from diptych.core.formats.detection import detect
from diptych.core.formats.open_library.author_names import AuthorNames
from diptych.core.formats.open_library.reader import read_named
from diptych.core.formats.option_names import option
from diptych.core.formats.reading import Records
from diptych.core.formats.record import RawBook, Reject
from diptych.core.formats.registry import format_by_suffix, format_named, reader_of
from diptych.core.import_export.column_mapping import ColumnMap, Pairs, infer_columns
from diptych.core.import_export.csv_rows import Row
from diptych.core.import_export.defaults import Defaults
from diptych.core.import_export.export_rows import ExportedRow, is_exported, read_exported
from diptych.core.import_export.file_reader import Rows, TableFormat, rows
from diptych.core.import_export.rejects import JsonRejects, RecordRejects, RejectWriter, TableRejects
from diptych.core.import_export.row_books import row_book
from diptych.core.import_export.text_source import check_encoding, text_of

LINED = frozenset({"bibtex", "ris"})
"""Formats in which the number of a record is that of its first line."""

SAMPLE_ROWS = 1000
SAMPLE_SIZE = 4 << 20  # characters

Entry = tuple[int, Any, RawBook | ExportedRow | Reject]
"""The number of a row or record from 1, what a reject shows of it, and what it says."""


class Options(Struct, frozen=True, kw_only=True):
    """What the user says of a file.

    file_format: the name of a format. mapped: (field, column) pairs. defaults: the value of a field where a row has
    none. separator: between several values of a cell. authors: Open Library's dump of authors, for the names of those
    whom editions give by their keys.
    """

    file_format: str | None = None
    encoding: str | None = None
    mapped: Pairs = ()
    defaults: Mapping[str, str] = {}
    separator: str | None = None
    authors: Path | None = None


class BookSource(AbstractContextManager["BookSource"]):
    """An open file as entries.

    file_format: its name in the registry. notices: lines about how it is read, for the output. place: what the numbers
    count. delimiter: between the cells of a table that has a header. mapping: of a table.
    """

    def __init__(  # noqa: PLR0913 - what a source is
        self,
        opened: OpenedFile,
        file_format: str,
        *,
        entries: Iterator[Entry],
        notices: Sequence[str],
        place: str,
        rejects: Callable[[BinaryIO], RejectWriter],
        delimiter: str | None = None,
        mapping: ColumnMap | None = None,
    ) -> None:
        self._opened = opened
        self.file_format = file_format
        self.entries = entries
        self.notices = notices
        self.place = place
        self.reject_writer = rejects
        self.delimiter = delimiter
        self.mapping = mapping

    @property
    def total(self) -> int | None:
        """Bytes of the file as it is stored, None for a pipe or terminal."""
        return self._opened.total

    @property
    def bytes_read(self) -> int:
        """Bytes of the file, as it is stored, that have been read so far, buffers included."""
        return self._opened.bytes_read

    def __exit__(self, *_: object) -> None:
        self._opened.close()


def open_source(path: Path | Literal["-"], options: Options) -> BookSource:
    """Open a file, or standard input for "-", find its format, and prepare to read it.

    Raises ValueError, with a text for people, for what cannot be read at all, and OSError when it cannot be opened.
    """
    check_encoding(options.encoding)
    opened = open_file(path)
    try:
        return _source(opened, options)
    except BaseException:
        opened.close()
        raise


def stream_source(stream: BinaryIO, name: str | None, options: Options) -> BookSource:
    """Prepare to read a file that is given as a buffered stream. name: of the file. Raises as `open_source`."""
    check_encoding(options.encoding)
    opened = open_stream(stream, name)
    try:
        return _source(opened, options)
    except BaseException:
        opened.close()
        raise


def _source(opened: OpenedFile, options: Options) -> BookSource:
    head = opened.head()
    detected = detect(head, opened.name, options.file_format, options.encoding)
    name, notices = detected.name, [] if detected.notice is None else [detected.notice]
    named = None if opened.name is None else format_by_suffix(opened.name)
    if options.file_format is None and name == "tsv" and named is not None and named.name == "csv":
        name, notices = "csv", []  # CSV with tabs between its cells, and quotes
    if options.authors is not None and name != "openlibrary":
        raise ValueError(f"{option('authors')} is for Open Library's editions: the file is {format_named(name).label}")
    if format_named(name).tabular:
        return _table(opened, head, cast(TableFormat, name), notices, options)
    return _records(opened, name, notices, options)


def _records(opened: OpenedFile, name: str, notices: list[str], options: Options) -> BookSource:
    """Return the source of a bibliographic format. Raises ValueError for options that only tables have."""
    if options.mapped or options.separator:
        raise ValueError(
            f"{option('map')} and {option('separator')} are for tables: {format_named(name).label} has no columns"
        )
    defaults = Defaults(options.defaults)

    if options.authors is None:
        read = reader_of(name)(opened.stream, options.encoding)
    else:
        read = _with_authors(opened, options.authors, options.encoding)
    first = next(read, None)  # a file that cannot be of this format at all is refused now
    found = iter(()) if first is None else chain([first], read)
    notices = [f"Format: {format_named(name).label}", *notices]
    entries = _record_entries(found, defaults)
    place = "line" if name in LINED else "record"
    return BookSource(opened, name, entries=entries, notices=notices, place=place, rejects=RecordRejects)


def _with_authors(opened: OpenedFile, authors: Path, encoding: str | None) -> Records:
    """Return the editions of Open Library with the names of their authors. Raises ValueError."""
    try:
        with open_file(authors) as dump:
            names = AuthorNames(dump.stream)
    except BrokenContainerError as error:
        raise ValueError(f"the file of authors: {error}") from error
    return Records(read_named(opened.stream, encoding, names))


def _record_entries(found: Iterable[RawBook | Reject], defaults: Defaults) -> Iterator[Entry]:
    for each in found:
        if isinstance(each, Reject):
            yield each.line, each.raw, each
        else:
            defaults.fill(each)
            yield each.number, each.raw, each


def _table(
    opened: OpenedFile, head: bytes, file_format: TableFormat, notices: list[str], options: Options
) -> BookSource:
    """Return the source of a table. Raises ValueError."""
    text = text_of(opened, head, options.encoding)
    numbered = rows(text, file_format)
    sample, all_rows = _sampled(numbered)
    exported = [row for row in sample if is_exported(row)]
    by_columns = [row for row in sample if not is_exported(row)]
    mapping = infer_columns(numbered.columns, options.mapped, options.separator, by_columns)
    entries = table_entries(all_rows, mapping, Defaults(options.defaults))
    place = "object" if file_format == "json" else "line"
    encoding = text.encoding

    def writer(file: BinaryIO) -> RejectWriter:
        if numbered.columns is None or numbered.delimiter is None:
            return JsonRejects(file)
        return TableRejects(file, numbered.columns, numbered.delimiter, encoding.removesuffix("-sig"))

    restored = ["Rows of an export are restored as they were"] if exported else []
    notices = [*notices, *restored, *(mapping.notices() if by_columns or not exported else ())]
    return BookSource(
        opened,
        file_format,
        entries=entries,
        notices=notices,
        place=place,
        rejects=writer,
        delimiter=numbered.delimiter,
        mapping=mapping,
    )


def table_entries(numbered: Iterable[Row], mapping: ColumnMap, defaults: Defaults) -> Iterator[Entry]:
    """Yield what the rows of a table say."""
    for number, row in numbered:
        if isinstance(row, Reject):
            yield number, row.raw, row
        elif is_exported(row):
            yield number, row, read_exported(row, number)
        else:
            book = row_book(row, number, mapping)
            defaults.fill(book)
            yield number, row, book


def _sampled(numbered: Rows) -> tuple[list[Mapping[str, Any]], Iterator[Row]]:
    """Return the first rows, and all rows."""
    taken: list[Row] = []
    size = 0
    for number, row in numbered:
        taken.append((number, row))
        if isinstance(row, dict):
            size += sum(len(value) for value in row.values() if isinstance(value, str))
        if len(taken) >= SAMPLE_ROWS or size >= SAMPLE_SIZE:
            break
    return [row for _, row in taken if isinstance(row, dict)], chain(taken, numbered)
