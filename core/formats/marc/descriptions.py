"""Descriptions: field 520, of which a long one is several."""

from __future__ import annotations

import re

from diptych.core.formats.marc.record import Field, MarcRecord

PART_MAX = 9_000
"""Bytes in UTF-8 of a part of a description, at most: a field of ISO 2709 has 9,999 with all that belongs to it."""

PARAGRAPHS = "\n\n"
_SEQUENCE = re.compile(r"[0-9]+\.(?P<place>[0-9]+)\\x")


def description(record: MarcRecord) -> str | None:
    """Return the summaries as paragraphs; parts of a sequence (of link type x in $8) are joined as they were before."""
    text = ""
    for field in record.tagged("520"):
        part = _text(field)
        if text and _continues(field):
            text += part
        elif part.strip():
            text += PARAGRAPHS + part if text else part
    return text or None


def _text(field: Field) -> str:
    return " ".join(value for code, value in field.subfields if code in "ab")


def _continues(field: Field) -> bool:
    """Return whether a field is a part of a sequence, but not the first."""
    match = _SEQUENCE.fullmatch(field.first("8") or "")
    return match is not None and match["place"] != "1"


def summaries(text: str) -> list[Field]:
    """Return the fields of a description; a long one is a sequence of parts, cut between characters."""
    parts = _parts(text.encode("utf-8"))
    if len(parts) == 1:
        return [Field("520", "  ", [("a", parts[0])])]
    return [Field("520", "  ", [("8", rf"1.{place}\x"), ("a", part)]) for place, part in enumerate(parts, start=1)]


def _parts(data: bytes) -> list[str]:
    """Return text in parts of up to PART_MAX bytes of UTF-8."""
    parts = []
    while data:
        end = min(PART_MAX, len(data))
        while end < len(data) and data[end] & 0xC0 == 0x80:
            end -= 1
        parts.append(data[:end].decode("utf-8"))
        data = data[end:]
    return parts
