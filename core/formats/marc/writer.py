"""Writing of MARC 21 in ISO 2709, in UTF-8."""

from __future__ import annotations

from diptych.core.formats.marc.fields import LOSSES, record_of
from diptych.core.formats.marc.iso2709 import DELIMITER, RawField, joined
from diptych.core.formats.marc.shortening import shortened
from diptych.core.formats.record import BookRecord

__all__ = ["LOSSES", "MEDIA_TYPE", "SUFFIX", "MarcWriter"]

MEDIA_TYPE = "application/marc"
SUFFIX = ".mrc"


class MarcWriter:
    """Writes books as records of MARC 21; see diptych.core.formats.writing.Writer."""

    begin = b""
    between = b""
    end = b""

    def __init__(self) -> None:
        self.notice: str | None = None

    def record(self, book: BookRecord) -> bytes:
        """Return the record of a book; a long one is shortened to the 99,999 bytes that ISO 2709 allows.

        Raises ValueError, with a text for people, when one field has more than 9,999 bytes.
        """
        marc = record_of(book)
        raw = [RawField(tag, value.encode("utf-8")) for tag, value in marc.control.items()]
        for tag, indicators, subfields in marc.fields:
            parts = [code.encode("ascii") + value.encode("utf-8") for code, value in subfields]
            raw.append(RawField(tag, DELIMITER.join([indicators.encode("ascii"), *parts])))
        kept, self.notice = shortened(raw)
        return joined(marc.leader, kept)
