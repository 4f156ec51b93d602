"""Dates of publication: field 008 and what the title page says, in 264 and 260."""

from __future__ import annotations

import re

from diptych.core.formats.marc.record import Field, MarcRecord

_YEAR = re.compile("[0-9]{4}")
_MONTH_DAY = re.compile("(0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01])?")
_DATE = r"-?[0-9]{4}(?:-[0-9]{2}){0,2}"
_MORE_THAN_A_YEAR = re.compile(rf"-?[0-9]{{4}}(?:-[0-9]{{2}}){{1,2}}|{_DATE}/{_DATE}")
"""A day, month or interval of EDTF, which is how the writer states dates."""

_UNKNOWN = ("uuuu", "||||", "    ", "9999", "0000")


def published(record: MarcRecord) -> tuple[list[str], list[str]]:
    """Return the dates of publication, the most precise that is certain first, and those of the original."""
    dates, original = _coded(record.control.get("008", ""))
    fields = record.tagged("264", "260")
    statements = [date.strip() for field in fields if is_publication(field) for date in field.all("c")]
    precise = [date for date in statements if _MORE_THAN_A_YEAR.fullmatch(date)]
    copyrights = [
        date.strip() for field in fields if field.tag == "264" and field.indicators[1] == "4" for date in field.all("c")
    ]
    originals = original + [date.strip() for field in record.tagged("534") for date in field.all("c")]
    return list(dict.fromkeys(precise + dates + statements + copyrights)), list(dict.fromkeys(originals))


def is_publication(field: Field) -> bool:
    """Return whether a field 264 is of publication: not of production, distribution, manufacture, or copyright."""
    return field.tag == "260" or field.indicators[1] == "1"


def _coded(fixed: str) -> tuple[list[str], list[str]]:
    """Return the dates in 008/06-14, of publication and of the original; without those that are not certain."""
    kind, first, second = fixed[6:7], fixed[7:11], fixed[11:15]
    if kind == "q" or not _YEAR.fullmatch(first) or first in _UNKNOWN:
        return [], [second] if kind == "r" and _is_year(second) else []
    if kind == "e":
        match = _MONTH_DAY.fullmatch(second.strip())
        return ["-".join([first, *(part for part in match.groups() if part)]) if match else first], []
    if kind in ("m", "d", "i", "k") and _is_year(second) and second != first:
        return [f"{first}/{second}"], []
    return [first], [second] if kind == "r" and _is_year(second) else []


def _is_year(text: str) -> bool:
    return _YEAR.fullmatch(text) is not None and text not in _UNKNOWN
