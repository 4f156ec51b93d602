"""Writing of dates: 008/06-14, and the statements in 264 and 534."""

from __future__ import annotations

import re

from diptych.core.formats.record import BookRecord

_FIRST_DATE = re.compile(r"(-?)([0-9]{4})(?:-([0-9]{2}))?(?:-([0-9]{2}))?")
_UNKNOWN = "uuuu"


def coded_dates(book: BookRecord) -> str:
    """Return 008/06-14: a type of date, and two dates of 4 characters.

    What they cannot hold stands in 264 $c (publication) and 534 $c (original).
    """
    stated = statement(book)
    original = book.original_year
    match = None if stated is None else _FIRST_DATE.match(stated)
    first = match[2] if match else _UNKNOWN
    if match and match[1]:
        return "b" + " " * 8
    if original is not None and original > 0:
        return f"r{first}{original:04}"
    if stated is None or match is None:
        return f"n{_UNKNOWN}{_UNKNOWN}"
    if "/" in stated:
        return f"m{first}{stated.partition('/')[2][:4]}"
    if match[3]:
        return f"e{first}{match[3]}{match[4] or '  '}"
    return f"s{first}    "


def statement(book: BookRecord) -> str | None:
    """Return the date of publication as it is stated: in EDTF."""
    if book.published is not None or book.year is None:
        return book.published
    return f"{book.year:05}" if book.year < 0 else f"{book.year:04}"


def original_statement(book: BookRecord) -> str | None:
    """Return the date of the original where 008 cannot hold it, because of years before our era."""
    if book.original_year is None or coded_dates(book).startswith("r"):
        return None
    return f"{book.original_year:05}" if book.original_year < 0 else f"{book.original_year:04}"
