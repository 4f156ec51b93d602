"""Streams of bytes to text: encodings, line ends, and what is not in the encoding."""

from __future__ import annotations

import codecs
import io
from collections.abc import Iterator
from typing import BinaryIO

from diptych.core.formats.option_names import option

CHUNK = 1 << 16
LINE_MAX = 1 << 20
"""Characters of a line, at most: a file with longer ones is not made of lines."""

_MARKING = "diptych-undecodable"
_UNDECODABLE = "\udcff"


def _mark(error: UnicodeError) -> tuple[str, int]:
    """Go on after bytes that cannot be decoded, in any encoding: surrogateescape cannot for UTF-16."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return _UNDECODABLE * (error.end - error.start), error.end


codecs.register_error(_MARKING, _mark)

# In this order, since the mark of UTF-32 begins with that of UTF-16.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


def undecodable(encoding: str) -> str:
    """Return what is wrong with a record that has bytes which are not of an encoding."""
    return f"is not {encoding}: give the encoding of the file, for example {option('encoding', 'windows-1252')}"


class Text:
    """The text of a stream in pieces, in constant memory.

    encoding: as given, else that of the byte order mark, else UTF-8. Each byte that it cannot decode becomes a lone
    surrogate, which `is_decoded` finds, so that a reader can reject the one record in which it is.
    """

    def __init__(self, stream: BinaryIO, encoding: str | None = None) -> None:
        """Read the first bytes. Errors: ValueError for an unknown encoding."""
        self._stream = stream
        self._first = stream.read(CHUNK)
        mark, marked = next(((m, name) for m, name in _MARKS if self._first.startswith(m)), (b"", "utf-8"))
        self.encoding = encoding or marked
        if encoding is None or _same(encoding, marked):
            self._first = self._first[len(mark) :]
        try:
            self._decoder = codecs.getincrementaldecoder(self.encoding)(_MARKING)
        except LookupError:
            raise ValueError(f"{self.encoding} is not an encoding that is known here") from None

    def pieces(self) -> Iterator[str]:
        """Yield the text, with a line feed for each line end."""
        newlines = io.IncrementalNewlineDecoder(None, translate=True)
        data = self._first
        while data:
            yield newlines.decode(self._decoder.decode(data))
            data = self._stream.read(CHUNK)
        yield newlines.decode(self._decoder.decode(b"", True), True)

    def lines(self) -> Iterator[str]:
        """Yield the lines without their ends. Errors: ValueError for one of more than LINE_MAX characters."""
        rest = ""
        number = 0
        for piece in self.pieces():
            *lines, rest = (rest + piece).split("\n")
            number += len(lines)
            yield from lines
            if len(rest) > LINE_MAX:
                raise ValueError(f"line {number + 1} has more than {LINE_MAX} characters")
        if rest:
            yield rest


def is_decoded(text: str) -> bool:
    """Tell whether all bytes of the text could be decoded."""
    return text.isascii() or _UNDECODABLE not in text


def shown(text: str) -> str:
    """Return the text with a replacement character for each byte that could not be decoded."""
    return text.replace(_UNDECODABLE, "\N{REPLACEMENT CHARACTER}")


def one_line(text: str) -> str:
    """Return the text with one space for each run of white space."""
    return " ".join(text.split())


def _same(one: str, other: str) -> bool:
    try:
        return codecs.lookup(one).name == codecs.lookup(other).name
    except LookupError:
        return False
