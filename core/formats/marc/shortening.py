"""Shortening of records that are longer than ISO 2709 can tell.

A stream of records has no other place for what a record lost than the record: its note (field 500) says so.
"""

from __future__ import annotations

from collections import Counter

from diptych.core.formats.marc.iso2709 import DELIMITER, ENTRY_LENGTH, FIELD_END, RECORD_END, RECORD_MAX, RawField
from diptych.core.formats.marc.record import LEADER_LENGTH

LEFT_OUT = ("520", "653", "650", "490", "024", "035", "022", "010", "020", "720", "711", "710", "700")
"""The fields of which a long record loses some, in this order, and of each the last first."""

_NOTE = "500"
_NOTE_MAX = 300
"""Bytes of a note, with its entry in the directory, at most."""
_OVERHEAD = LEADER_LENGTH + len(FIELD_END) + len(RECORD_END)


def shortened(raw: list[RawField]) -> tuple[list[RawField], str | None]:
    """Return the fields of a record that fit into RECORD_MAX bytes, and what the note among them says was left out.

    Other fields than those of LEFT_OUT stay, even if they do not fit.
    """
    excess = _OVERHEAD + sum(map(_size, raw)) - RECORD_MAX
    if excess <= 0:
        return raw, None
    excess += _NOTE_MAX
    kept = dict(enumerate(raw))
    lost: Counter[str] = Counter()
    for tag in LEFT_OUT:
        for place in [place for place, field in kept.items() if field.tag == tag][::-1]:
            if excess <= 0:
                break
            excess -= _size(kept.pop(place))
            lost[tag] += 1
    fields = ", ".join(f"{tag} ({times})" for tag, times in lost.items())
    notice = f"shortened to the {RECORD_MAX:,} bytes of ISO 2709, without these fields: {fields}"
    return [*kept.values(), _note(notice)], notice


def _size(field: RawField) -> int:
    return ENTRY_LENGTH + len(field.data) + len(FIELD_END)


def _note(notice: str) -> RawField:
    text = f"This record was {notice}."
    return RawField(_NOTE, b"  " + DELIMITER + b"a" + text.encode("ascii"))
