"""Reading of MARC 21 records in ISO 2709, in constant memory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from diptych.core.formats.marc import iso2709
from diptych.core.formats.marc.decoding import decoded, encoding_of, known_encoding
from diptych.core.formats.marc.iso2709 import Chunk
from diptych.core.formats.marc.mapping import book_of
from diptych.core.formats.marc.record import RAW_MAX, Notes, Reading
from diptych.core.formats.record import RawBook, Reject


def read(stream: BinaryIO, encoding: str | None = None) -> Reading:
    """Return the books and rejects of a file: one for each end of a record (0x1D), and for what follows the last.

    encoding: overrides the rule that valid UTF-8 is UTF-8, and anything else MARC-8, whatever leaders say.
    The notes of what is returned say which was used. Raises ValueError when the encoding is not known, and at the
    first item when the file is not ISO 2709.
    """
    notes = Notes()
    return Reading(_items(stream, None if encoding is None else known_encoding(encoding), notes), notes)


def _items(stream: BinaryIO, encoding: str | None, notes: Notes) -> Iterator[RawBook | Reject]:
    for number, chunk in enumerate(iso2709.split(stream), start=1):
        data = chunk.data.removeprefix(b"\xef\xbb\xbf") if number == 1 else chunk.data
        if number == 1 and not chunk.is_ended and not data[:5].isdigit():
            raise ValueError("the file has no end of a record (byte 0x1D): it is not MARC in ISO 2709")
        notes.started += 1
        try:
            yield _item(Chunk(data, chunk.is_ended), number, encoding, notes)
        except ValueError as error:
            yield Reject(number, str(error), _shown(data))


def _item(chunk: Chunk, number: int, encoding: str | None, notes: Notes) -> RawBook | Reject:
    """Return the book of a record. Raises ValueError when the record is damaged."""
    if not chunk.is_ended:
        raise ValueError("the file ends within the record")
    raw = iso2709.fields(chunk.data)
    used = encoding or encoding_of(raw)
    notes.encodings[used] = notes.encodings.get(used, 0) + 1
    return book_of(decoded(chunk.data, raw, used), number)


def _shown(data: bytes) -> str:
    """Return what a reject shows of bytes that are not understood."""
    text = data[:RAW_MAX].decode("utf-8", "replace")
    return text.translate({0x1E: "\n", 0x1F: "$"})
