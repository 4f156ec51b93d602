"""The records in a file of Open Library: lines of a dump, lines of JSON, or one array or record as a whole."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, BinaryIO

import msgspec

from diptych.core.formats.open_library.edition import last_part
from diptych.core.formats.record import Reject

EDITION = "edition"
LINE_MAX = 4 << 20
"""Bytes of a record, at most."""
WHOLE_MAX = 64 << 20
"""Bytes of an array, or of a record over several lines, at most: these are in memory as a whole."""

RAW_MAX = 10_000
"""Characters of a record that a reject shows, at most."""

Content = tuple[str, Any] | Reject
"""The type of a record and its value, or why it cannot be read."""


def records(stream: BinaryIO, encoding: str | None) -> Iterator[tuple[int, Content]]:
    """Yield the number of each line that has a record, and what it is.

    Raises ValueError for an encoding that is not one of ASCII's supersets, and for an array that is too long.
    """
    encoding = _checked(encoding)
    first = stream.readline(LINE_MAX).removeprefix(b"\xef\xbb\xbf")
    if first.lstrip().startswith(b"[") or first.strip() == b"{":
        yield from _whole(first + stream.read(WHOLE_MAX), encoding)
        return
    number, line = 1, first
    while line:
        if len(line) == LINE_MAX and not line.endswith(b"\n"):
            _skip_line(stream)
            reason = f"the line is longer than {LINE_MAX // 1024 // 1024} MiB"
            yield number, Reject(number, reason, _shown(line))
        elif line.strip():
            yield number, _content(number, line, encoding)
        number, line = number + 1, stream.readline(LINE_MAX)


def _skip_line(stream: BinaryIO) -> None:
    while piece := stream.readline(LINE_MAX):
        if piece.endswith(b"\n"):
            return


def _shown(line: bytes) -> str:
    return line[:RAW_MAX].decode("utf-8", "replace").rstrip("\r\n")


def _content(number: int, line: bytes, encoding: str) -> Content:
    """Return what a line of a dump, or of JSON Lines, holds."""
    kind, text = None, line
    if line.startswith(b"/type/"):
        columns = line.split(b"\t", 4)
        if len(columns) != 5:
            return Reject(number, f"the line has {len(columns)} columns, one of a dump has 5", _shown(line))
        kind, text = last_part(columns[0].decode("ascii", "replace")), columns[4]
    try:
        record = _decoded(text, encoding)
    except ValueError as error:
        return Reject(number, f"the record cannot be read: {error}", _shown(line))
    return kind or _kind(record), record


def _whole(data: bytes, encoding: str) -> Iterator[tuple[int, Content]]:
    """Yield the records of an array, with their places from 1, or the one record that the data is."""
    if len(data) > WHOLE_MAX:
        raise ValueError(
            f"an array of more than {WHOLE_MAX // 1024 // 1024} MiB is not read: write one record a line (jq -c '.[]')"
        )
    try:
        value = _decoded(data, encoding)
    except ValueError as error:
        raise ValueError(f"the file is not JSON: {error}") from error
    for number, record in enumerate(value if isinstance(value, list) else [value], start=1):
        yield number, (_kind(record), record)


def _decoded(data: bytes, encoding: str) -> Any:
    """Return the value of JSON. Raises ValueError, with a reason for people."""
    try:
        return msgspec.json.decode(data.decode(encoding))
    except UnicodeDecodeError as error:
        raise ValueError(f"it is not {error.encoding}") from error
    except (msgspec.DecodeError, RecursionError) as error:
        raise ValueError(f"it is not JSON ({error})") from error


def _kind(record: Any) -> str:
    """Return the last part of the type of a record, which is an edition if it says nothing."""
    kind = record.get("type") if isinstance(record, dict) else None
    key = kind.get("key") if isinstance(kind, dict) else kind
    return last_part(key) if isinstance(key, str) and key.startswith("/type/") else EDITION


def _checked(encoding: str | None) -> str:
    """Return the encoding. Raises ValueError when lines cannot be told in it."""
    try:
        if encoding is None or '{"a"\n'.encode(encoding) == b'{"a"\n':
            return encoding or "utf-8"
    except LookupError as error:
        raise ValueError(f"unknown encoding {encoding!r}") from error
    raise ValueError(f"Open Library's records are not in {encoding}: they are in UTF-8")
