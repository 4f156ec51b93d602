"""Dates of publication in the Extended Date/Time Format (EDTF, of ISO 8601-2), level 0: days, months, years, intervals.

Beyond level 0, years before our era are negative: -0750 is 750 BC.
"""

from __future__ import annotations

import re
from functools import lru_cache

from diptych.core.catalogue.books.years import bounded

PUBLISHED_LENGTH = 23
"""Characters of a date or interval, at most: -0750-01-31/-0740-12-31."""

_DATE_PATTERN = r"(?:(?!-0000)-?[0-9]{4})(?:-(?:0[1-9]|1[0-2])(?:-(?:0[1-9]|[12][0-9]|3[01]))?)?"
# For JSON Schema. It cannot verify that a month has such a day, the bounds of years, and that an interval runs forward.
PATTERN = f"^{_DATE_PATTERN}(?:/{_DATE_PATTERN})?$"

_DATE = re.compile(r"(?P<year>(?!-0000)-?[0-9]{4})(?:-(?P<month>[0-9]{2})(?:-(?P<day>[0-9]{2}))?)?")
_DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)

_Day = tuple[int, int, int]


@lru_cache(maxsize=2048)
def edtf(text: str) -> str:
    """Return the text when it is a date YYYY, YYYY-MM or YYYY-MM-DD, or an interval "A/B" of two of these.

    Raises ValueError with the reason: another form, no such day in the calendar, a year that is not between YEAR_MIN
    and YEAR_MAX, or an interval that ends before it starts.
    """
    start, slash, end = text.partition("/")
    first = _span(start)[0]
    if slash and _span(end)[1] < first:
        raise ValueError("date ends before it starts")
    return text


def year_of(date: str) -> int:
    """Return the year in which a date or interval of edtf() begins; years before our era are negative."""
    return int(date[:5] if date.startswith("-") else date[:4])


def _span(text: str) -> tuple[_Day, _Day]:
    """Return the first and the last day of a date. Raises ValueError."""
    match = _DATE.fullmatch(text)
    if match is None:
        raise ValueError("date is not of the form YYYY, YYYY-MM, YYYY-MM-DD, or two of these as 1998/2001")
    year = bounded(int(match["year"]))
    if match["month"] is None:
        return (year, 1, 1), (year, 12, 31)
    month = int(match["month"])
    if not 1 <= month <= 12:
        raise ValueError("date has a month that is not between 01 and 12")
    last = _days(year, month)
    if match["day"] is None:
        return (year, month, 1), (year, month, last)
    day = int(match["day"])
    if not 1 <= day <= last:
        raise ValueError(f"date has a day that is not between 01 and {last}")
    return (year, month, day), (year, month, day)


def _days(year: int, month: int) -> int:
    """Return the number of days of a month in the Gregorian calendar, extended backwards."""
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return 29 if month == 2 and leap else _DAYS[month - 1]
