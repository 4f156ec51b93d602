"""Files as text: decoded as the user or a byte order mark says, line by line, in constant memory."""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, TextIO, cast

from diptych.core.formats.container_errors import BrokenContainerError
from diptych.core.formats.containers import OpenedFile, open_file
from diptych.core.formats.option_names import option
from diptych.core.formats.record import Reject

LINE_LIMIT = 4 << 20  # characters
RAW_LIMIT = 10_000  # characters of a row's text kept in its reject

# The first of these that begins a file; a mark of UTF-32 begins with that of UTF-16.
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SURROGATE = re.compile("[\ud800-\udfff]")
_UNDECODABLE = "\udcff"  # stands for one byte that could not be decoded

Line = tuple[int, str | Reject]


def _mark_undecodable(error: UnicodeError) -> tuple[str, int]:
    """Codec error handler: go on after the bad bytes (surrogateescape cannot, for UTF-16)."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return _UNDECODABLE * (error.end - error.start), error.end


codecs.register_error("diptych-mark", _mark_undecodable)


class TextSource(io.TextIOWrapper):
    """The decoded text of an open file, with its line endings as they are, without a byte order mark.

    Bytes that cannot be decoded come as lone surrogates, which the readers of rows reject.
    """

    def __init__(self, opened: OpenedFile, encoding: str) -> None:
        super().__init__(cast(Any, opened.stream), encoding, errors="diptych-mark", newline="")
        self._opened = opened
        self.total = opened.total  # bytes in the file as it is stored, or None for a pipe or terminal

    @property
    def bytes_read(self) -> int:
        """Bytes of the file, as it is stored, that have been read so far, buffers included."""
        return self._opened.bytes_read

    def close(self) -> None:
        super().close()
        self._opened.close()


def open_text(path: Path | Literal["-"], encoding: str | None = None) -> TextSource:
    """Open a file, or standard input for "-", as text; unpack it if its first bytes say so.

    Raises ValueError for an unknown encoding or a container that is not read, OSError when it cannot be opened.
    """
    check_encoding(encoding)
    opened = open_file(path)
    return text_of(opened, opened.head(), encoding)


def check_encoding(encoding: str | None) -> None:
    """Raise ValueError when there is no such encoding of text."""
    try:
        "a".encode(encoding or "utf-8")
    except LookupError as error:
        raise ValueError(f"unknown encoding {encoding!r}") from error


def text_of(opened: OpenedFile, head: bytes, encoding: str | None) -> TextSource:
    """Return the text of an open file with these first bytes: in the encoding given, that of its mark, or UTF-8."""
    if encoding is None:
        encoding = next((name for mark, name in _BYTE_ORDER_MARKS if head.startswith(mark)), "utf-8")
    if codecs.lookup(encoding).name == "utf-8":
        encoding = "utf-8-sig"
    return TextSource(opened, encoding)


def numbered_lines(stream: TextIO) -> Iterator[Line]:
    """Yield lines with their endings, numbered from 1; a reject stands for one that is too long or damaged."""
    number = 0
    while True:
        number += 1
        try:
            text = stream.readline(LINE_LIMIT)
            whole = len(text) < LINE_LIMIT or text.endswith(("\n", "\r"))
            if not whole:
                _skip_line(stream)
        except BrokenContainerError as error:
            yield number, Reject(number, str(error), "")
            return
        if not text:
            return
        if number == 1:
            text = text.removeprefix("\ufeff")
        yield number, text if whole else Reject(number, "line is longer than 4 MiB", shown(text))


def _skip_line(stream: TextIO) -> None:
    while chunk := stream.readline(LINE_LIMIT):
        if chunk.endswith(("\n", "\r")):
            return


def shown(text: str) -> str:
    """Return the text of a row as a reject keeps it: storable and not too long."""
    return _SURROGATE.sub("\ufffd", text[:RAW_LIMIT].rstrip("\r\n"))


def has_surrogate(text: str) -> bool:
    """Return whether a text has a character that stands for no character."""
    return _SURROGATE.search(text) is not None


def unusable(text: str) -> str | None:
    """Return the reason to refuse a row with this text, or None."""
    if _SURROGATE.search(text):
        how = option("encoding", "windows-1252")
        return f"row has bytes that the file's encoding cannot decode: give the right one, as {how}"
    if "\0" in text:
        return "row has a NUL character"
    return None
