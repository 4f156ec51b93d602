"""Dates of ONIX, whose format is a code of list 55."""

from __future__ import annotations

from diptych.core.formats.onix.elements import Node

_TEXTS = ("12", "32")
_HIJRI = ("20", "21", "25", "32")
# How many digits of each date count: of a week, quarter or season only the year does.
_DIGITS = {"00": 8, "01": 6, "02": 4, "03": 4, "04": 4, "05": 4, "13": 8, "14": 8}
_SPREADS = {"06": 8, "07": 6, "11": 4}


def date_of(node: Node, name: str = "Date") -> str | None:
    """Return the date in a child of a node as YYYY-MM-DD, YYYY-MM, YYYY, or two of them with "/"; None if it has none.

    A text, or a date that is not as its format says, is returned as it stands. Raises ValueError for dates of the
    Islamic calendar.
    """
    text = node.text(name)
    if text is None:
        return None
    code = _format(node, name)
    if code in _HIJRI:
        raise ValueError("in the Islamic calendar")
    if code in _SPREADS:
        size = _SPREADS[code]
        first, second = _iso(text[:size], size), _iso(text[size:], size)
        return text if first is None or second is None else f"{first}/{second}"
    if code in _TEXTS:
        return text
    # Without a code it is YYYYMMDD; senders leave the code out of years and months too.
    size = _DIGITS.get(code or "", min(len(text), 8))
    return _iso(text[:size], size) or text


def _format(node: Node, name: str) -> str | None:
    """Return the code of the format: an attribute in 3.0, and an element beside the date in 2.1."""
    return next((code for child in node.all(name) if (code := child.attribute("dateformat"))), node.text("DateFormat"))


def _iso(digits: str, size: int) -> str | None:
    """Return 4, 6 or 8 digits with hyphens, without a month or day of 00; None if they are not these."""
    if size not in {4, 6, 8} or len(digits) != size or not (digits.isascii() and digits.isdigit()):
        return None
    parts = [digits[:4], digits[4:6], digits[6:]]
    return "-".join(part for part in parts if part and part != "00") if parts[1] != "00" else digits[:4]
