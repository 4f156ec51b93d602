"""Reading rows from CSV, TSV and JSON Lines files of any size, in constant memory.

What is wrong with one row rejects that row; reading goes on with the next.
"""

import codecs
import csv
import gzip
import io
import json
import os
import re
import stat
import sys
import zlib
from collections import deque
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO, Literal, TextIO, cast, get_args

from diptych.core.import_export.import_rows import Reject

Format = Literal["csv", "tsv", "jsonl"]
Row = tuple[int, dict[str, Any] | Reject]

FIELD_LIMIT = 1 << 20  # characters
LINE_LIMIT = 4 << 20  # characters
RECORD_LINES = 1000  # lines that one quoted CSV record may run over
NESTING_LIMIT = 32  # lists and objects inside one another in a JSON row
UNPACKED_RATIO = 200  # bytes that one byte of a gzipped file may become; those of real catalogues become 3
UNPACKED_GRACE = 16 << 20  # bytes that any gzipped file may become
RAW_LIMIT = 10_000  # characters of a row's text kept in its reject

_SUFFIXES: dict[str, Format] = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".tab": "tsv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
}
_GZIP_MAGIC = b"\x1f\x8b"
_GZIP_DAMAGE = (EOFError, gzip.BadGzipFile, zlib.error)
_SURROGATE = re.compile("[\ud800-\udfff]")
_UNDECODABLE = "\udcff"  # stands for one byte that could not be decoded


def _mark_undecodable(error: UnicodeError) -> tuple[str, int]:
    """Codec error handler: go on after the bad bytes (surrogateescape cannot, for UTF-16)."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return _UNDECODABLE * (error.end - error.start), error.end


codecs.register_error("diptych-mark", _mark_undecodable)


def format_of(path: Path | Literal["-"], explicit: str | None = None) -> Format:
    """Return the explicit format, or else the one that the name says (.csv, .tsv.gz, .ndjson...).

    Raises ValueError when neither does.
    """
    if explicit is not None:
        if explicit not in get_args(Format):
            raise ValueError(f"unknown format {explicit!r}: there are csv, tsv and jsonl")
        return cast(Format, explicit)
    suffixes = [] if path == "-" else [suffix.lower() for suffix in Path(path).suffixes]
    if suffixes and suffixes[-1] == ".gz":
        suffixes.pop()
    if not suffixes or suffixes[-1] not in _SUFFIXES:
        what = "standard input" if path == "-" else f"the name {Path(path).name!r}"
        raise ValueError(f"{what} does not say the format: give --format csv, tsv or jsonl")
    return _SUFFIXES[suffixes[-1]]


class _Meter(io.RawIOBase):
    """Passes a binary file through and counts its bytes; closes it only if it is allowed to."""

    def __init__(self, source: BinaryIO, *, owned: bool) -> None:
        self._source = source
        self._owned = owned
        self.count = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        # read1 returns what a pipe holds now, where read would wait for a full buffer.
        data: bytes = cast(io.BufferedReader, self._source).read1(len(buffer))
        buffer[: len(data)] = data
        self.count += len(data)
        return len(data)

    def close(self) -> None:
        if self._owned:
            self._source.close()
        super().close()

    def size(self) -> int | None:
        """Return the bytes of a regular file, None for a pipe or terminal."""
        try:
            status = os.fstat(self._source.fileno())
        except OSError:
            return None
        return status.st_size if stat.S_ISREG(status.st_mode) else None


class _UnpacksTooMuchError(Exception):
    """A gzipped file unpacks to more than any catalogue does."""


class _Gunzipped(gzip.GzipFile):
    """The bytes in a gzipped file, as long as they are not too many for its size."""

    def __init__(self, stored: BinaryIO, meter: _Meter) -> None:
        super().__init__(fileobj=stored)
        self._meter = meter

    def read1(self, size: int = -1) -> bytes:
        """Read as a file does. Errors: _UnpacksTooMuchError; those of _GZIP_DAMAGE."""
        data = super().read1(size)
        if self.tell() > UNPACKED_GRACE + UNPACKED_RATIO * self._meter.count:
            raise _UnpacksTooMuchError
        return data


class TextSource(io.TextIOWrapper):
    """The decoded text of a file, which also knows how much of the (possibly compressed) file is read.

    Bytes that cannot be decoded come as lone surrogates, which rows() rejects.
    """

    def __init__(self, binary: BinaryIO, meter: _Meter, encoding: str) -> None:
        super().__init__(cast(Any, binary), encoding, errors="diptych-mark", newline="")
        self._meter = meter
        self.total = meter.size()  # bytes in the file as it is stored, or None for a pipe or terminal

    @property
    def bytes_read(self) -> int:
        """Bytes of the file, as it is stored, that have been read so far, buffers included."""
        return self._meter.count

    def close(self) -> None:
        super().close()
        self._meter.close()  # a GzipFile leaves the file below it open


def open_text(path: Path | Literal["-"], encoding: str = "utf-8") -> TextSource:
    """Open a file, or standard input for "-", as text; gunzip it if its first bytes say so.

    Line endings are kept as the csv module needs them, and a UTF-8 byte order mark is dropped.
    Raises ValueError for an unknown encoding, and OSError when the file cannot be opened.
    """
    try:
        "a".encode(encoding)
    except LookupError as error:
        raise ValueError(f"unknown encoding {encoding!r}") from error
    if codecs.lookup(encoding).name == "utf-8":
        encoding = "utf-8-sig"
    source = sys.stdin.buffer if path == "-" else Path(path).open("rb")  # noqa: SIM115 - TextSource closes it
    meter = _Meter(source, owned=path != "-")
    stored = io.BufferedReader(meter, 1 << 16)
    if stored.peek(2)[:2] == _GZIP_MAGIC:
        return TextSource(cast(BinaryIO, _Gunzipped(cast(BinaryIO, stored), meter)), meter, encoding)
    return TextSource(cast(BinaryIO, stored), meter, encoding)


class Rows(Iterator[Row]):
    """Numbered rows of a file; columns are those of its header line, None for JSON Lines."""

    def __init__(self, columns: tuple[str, ...] | None, numbered: Iterator[Row]) -> None:
        self.columns = columns
        self._numbered = numbered

    def __next__(self) -> Row:
        return next(self._numbered)


def rows(stream: TextIO, file_format: Format) -> Rows:
    """Return an iterator over (line number from 1, row or reject) of an open file.

    CSV (RFC 4180) has quoting, TSV has none: its quotes are literal. Cells are str; JSON Lines rows hold what
    JSON can, but for numbers with a fraction or exponent, which come as the text in the file.
    Blank lines are skipped. Raises ValueError when the header line of a CSV or TSV file is unusable.
    """
    lines = _lines(stream)
    if file_format == "jsonl":
        return Rows(None, _json_rows(lines))
    records = _tsv_records(lines) if file_format == "tsv" else _CsvRecords(lines).records()
    columns = _header(next(records, None))
    return Rows(columns, (_row(record, columns) for record in records))


# --- physical lines ---


Line = tuple[int, str | Reject]


def _lines(stream: TextIO) -> Iterator[Line]:
    """Yield numbered lines with their endings; a reject stands for one that is too long or damaged."""
    number = 0
    while True:
        number += 1
        try:
            text = stream.readline(LINE_LIMIT)
            whole = len(text) < LINE_LIMIT or text.endswith(("\n", "\r"))
            if not whole:
                _skip_line(stream)
        except _GZIP_DAMAGE as error:
            yield number, Reject(number, f"the compressed file is damaged from here on: {error}", "")
            return
        except _UnpacksTooMuchError:
            why = f"the compressed file unpacks to more than {UNPACKED_RATIO} times its size: gunzip it first"
            yield number, Reject(number, why, "")
            return
        if not text:
            return
        if number == 1:
            text = text.removeprefix("\ufeff")
        yield number, text if whole else Reject(number, "line is longer than 4 MiB", _shown(text))


def _skip_line(stream: TextIO) -> None:
    while chunk := stream.readline(LINE_LIMIT):
        if chunk.endswith(("\n", "\r")):
            return


def _shown(text: str) -> str:
    """Return the text of a row as a reject keeps it: storable and not too long."""
    return _SURROGATE.sub("\ufffd", text[:RAW_LIMIT].rstrip("\r\n"))


def _unusable(text: str) -> str | None:
    """Return the reason to refuse a row with this text, or None."""
    if _SURROGATE.search(text):
        return "row has bytes that the file's encoding cannot decode"
    if "\0" in text:
        return "row has a NUL character"
    return None


# --- CSV and TSV ---


# Line number, text, and cells (or the reject that stands for them).
Record = tuple[int, str, list[str] | Reject]


def _tsv_records(lines: Iterator[Line]) -> Iterator[Record]:
    for number, text in lines:
        if isinstance(text, Reject):
            yield number, "", text
        elif text.strip(" \r\n"):
            yield number, text, text.rstrip("\r\n").split("\t")


class _CsvRecords:
    """Records of a CSV file. When one is broken, reading resumes on the line after its first.

    So a quote that is never closed costs its own line, not the rest of the file.
    """

    def __init__(self, lines: Iterator[Line]) -> None:
        # The limit is the process's, 131,072 by default; _row() holds to FIELD_LIMIT if others raise it.
        csv.field_size_limit(max(FIELD_LIMIT, csv.field_size_limit()))
        self._lines = lines
        self._given_back: deque[Line] = deque()
        self._taken: list[Line] = []

    def records(self) -> Iterator[Record]:
        reader = csv.reader(self._feed(), strict=True)
        while True:
            self._taken.clear()
            try:
                cells = next(reader, None)
            except csv.Error as error:
                yield self._rejected(error)
                self._given_back.extendleft(reversed(self._taken[1:]))
                reader = csv.reader(self._feed(), strict=True)
                continue
            if cells is None:
                return
            text = "".join(str(line) for _, line in self._taken)
            if text.strip(" \r\n"):
                yield self._taken[0][0], text, cells

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
        return number, "", Reject(number, _csv_reason(str(error)), _shown(text))


def _csv_reason(message: str) -> str:
    """Translate the message of the csv module, or of _feed(), for users."""
    if "field limit" in message:
        return "a field is larger than 1 MiB, or a quote opened here is not closed"
    if "unexpected end" in message:
        return f"a quote opened here is not closed within {RECORD_LINES} lines"
    return f"row is not valid CSV: {message}"


def _header(record: Record | None) -> tuple[str, ...]:
    """Return the column names of the first record; a blank one becomes "column 3".

    Raises ValueError when there is no header, it cannot be read, or a name is there twice.
    """
    if record is None:
        raise ValueError("the file is empty: its first line must name the columns")
    _, text, cells = record
    reason = cells.reason if isinstance(cells, Reject) else _unusable(text)
    if isinstance(cells, Reject) or reason is not None:
        raise ValueError(f"the header line cannot be read: {reason}; are --format and --encoding right?")
    names = tuple(cell.strip() or f"column {place}" for place, cell in enumerate(cells, start=1))
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"the header names a column twice: {', '.join(twice)}")
    return names


def _row(record: Record, columns: Sequence[str]) -> Row:
    number, text, cells = record
    if isinstance(cells, Reject):
        return number, cells
    reason = _unusable(text)
    if reason is None and len(cells) != len(columns):
        reason = f"row has {len(cells)} cells, the header has {len(columns)}"
    if reason is None and len(text) > FIELD_LIMIT and max(map(len, cells)) > FIELD_LIMIT:
        reason = "a field is larger than 1 MiB"
    if reason is not None:
        return number, Reject(number, reason, _shown(text))
    return number, dict(zip(columns, cells, strict=True))


# --- JSON Lines ---


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not in JSON")


# Fractions are kept as text: 9.78e+12 must still show that digits were lost.
_DECODER = json.JSONDecoder(parse_float=str, parse_constant=_refuse_constant)


def _json_rows(lines: Iterator[Line]) -> Iterator[Row]:
    for number, text in lines:
        if isinstance(text, Reject):
            yield number, text
        elif text.strip():
            yield number, _json_row(number, text)


def _json_row(number: int, text: str) -> dict[str, Any] | Reject:
    reason = _unusable(text)
    value: Any = None
    if reason is None:
        try:
            value = _DECODER.decode(text)
        except json.JSONDecodeError as error:
            reason = f"row is not valid JSON: {error.msg} at column {error.colno}"
        except (ValueError, RecursionError) as error:  # NaN, a number of thousands of digits, deep nesting
            reason = f"row is not valid JSON: {error}"
    if reason is None:
        reason = _unusable_value(value, text)
    return value if reason is None else Reject(number, reason, _shown(text))


def _unusable_value(value: Any, text: str) -> str | None:
    """Return the reason to refuse a decoded row, or None; text is the line that it was decoded from."""
    if not isinstance(value, dict):
        return "row is not a JSON object"
    # What _unusable() forbids can now be inside only if it was escaped.
    if "\\u" not in text and len(text) <= FIELD_LIMIT and text.count("[") + text.count("{") <= NESTING_LIMIT:
        return None
    strings = list(_strings(value))
    if max(depth for depth, _ in strings) > NESTING_LIMIT:
        return f"row is nested more than {NESTING_LIMIT} deep"
    if max(len(string) for _, string in strings) > FIELD_LIMIT:
        return "a field is larger than 1 MiB"
    if any(_SURROGATE.search(string) for _, string in strings):
        return "row has half of a surrogate pair"
    return "row has a NUL character" if any("\0" in string for _, string in strings) else None


def _strings(value: dict[str, Any]) -> Iterator[tuple[int, str]]:
    """Yield every key and value of a JSON object with its depth; "" stands for what is not a string."""
    waiting: list[tuple[int, Any]] = [(0, value)]
    while waiting:
        depth, item = waiting.pop()
        yield depth, item if isinstance(item, str) else ""
        if isinstance(item, dict):
            waiting += [(depth + 1, inner) for pair in item.items() for inner in pair]
        elif isinstance(item, list):
            waiting += [(depth + 1, inner) for inner in item]
