"""Years of publication as catalogues write them."""

import re
from collections.abc import Iterable

YEAR_MIN = -4000
YEAR_MAX = 3000
DECADE = 10
"""Years of a decade, which is known by its first one: 1970, and -10 of 4 BC."""

# "1888", "-750", "2008.0" (a spreadsheet's float), "1888." (ISBD), "c1888", "c. 1888"; also in [brackets].
_YEAR = re.compile(
    r"""
    (?P<bracket> \[ )?
    (?: c (?: a | irca )? \.? \ ? (?= [0-9] ) )?
    (?P<year> [-\u2212]? [0-9]{1,4} )
    (?: \.0* )?
    (?(bracket) \] )
    """,
    re.ASCII | re.IGNORECASE | re.VERBOSE,
)


def year(text: str) -> int:
    """Return the year that a catalogue cell gives; years before our era are negative.

    Raises ValueError when the cell does not give one year with certainty ("1822 or 3", "17th cent.", "18--")
    or the year is not between YEAR_MIN and YEAR_MAX.
    """
    match = _YEAR.fullmatch(text.strip())
    if match is None:
        raise ValueError("year is not one certain year, such as 1888 or -750")
    return bounded(int(match["year"].replace("\u2212", "-")))


def years_of(decades: Iterable[int]) -> list[int]:
    """Return the years of some decades."""
    return [decade + place for decade in decades for place in range(DECADE)]


def bounded(number: int) -> int:
    """Return the year. Raises ValueError when it is not between YEAR_MIN and YEAR_MAX."""
    if not YEAR_MIN <= number <= YEAR_MAX:
        raise ValueError(f"year must be between {YEAR_MIN} and {YEAR_MAX}")
    return number
