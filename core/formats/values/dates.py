"""Dates as catalogues write them, and the EDTF date that is certain."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from diptych.core.catalogue.books.published import edtf
from diptych.core.formats.values.texts import is_nothing

# Of "[between 1650 and 1700]" and "1822 or 3" no year is certain.
_UNCERTAIN = re.compile(
    r"\b(?:or|between|before|after|not|ante|post|vor|nach|avant|apr[eè]s|cent|century|jahrhundert|decade)\b"
    r"|\b[0-9]{3,4}'?s\b|[0-9]{1,3}(?:-|--|\?|\?\?|_|u|uu|x)(?:[\]?. ]|$)",
    re.IGNORECASE,
)
_OPEN_YEAR = re.compile(r"([0-9]{4})\s?[-\u2010-\u2015/]\s?\Z")
_UNDATED = re.compile(
    r"\[?\s*(?:n\.? ?d\.?|s\.? ?[ad]\.?|undated|unknown|no date|0000-00-00|0+(?:\.0*)?)\s*\]?", re.IGNORECASE
)
_CALIBRE_UNDATED = "0101-01-01"

_DASH = "[-\u2010-\u2015\u2212]"
_PREFIX = r"(?:(?:c|p|cop|ca|circa|copyright|\N{COPYRIGHT SIGN}|\N{SOUND RECORDING COPYRIGHT}|anno|ad)\.?\s*)?"
_YEAR = re.compile(rf"{_PREFIX}(\d{{1,4}})(?:\.0*)?\s*(?:\?|a\.?d\.?|c\.?e\.?)?", re.ASCII | re.IGNORECASE)
_BEFORE_OUR_ERA = re.compile(
    rf"(?:{_PREFIX}(\d{{1,4}})\s*b\.?\s?c\.?(?:\s?e\.?)?|{_DASH}(\d{{1,4}})(?:\.0*)?)", re.ASCII | re.IGNORECASE
)
_RANGE = re.compile(
    rf"{_PREFIX}(\d{{4}})\s*(?:{_DASH}|/|\bto\b)\s*{_PREFIX}(\d{{4}}|\d{{2}})", re.ASCII | re.IGNORECASE
)
_REMARK = re.compile(r"(?<=[0-9?])\s*\([^()]*\)\Z")
_CORRECTED = re.compile(r".*\[i\. ?e\.,?\s*(\d{4})\]?", re.ASCII | re.IGNORECASE)
_TIMESTAMP = re.compile(r"(-?\d{4}-\d{2}-\d{2})[T ]\d{2}:\d{2}.*", re.ASCII)
_YEAR_FIRST = re.compile(r"(\d{4})(?:[-/](\d{0,2})(?:[-/](\d{0,2}))?(?:/.*)?|\.(\d{1,2})\.(\d{1,2})\.?)", re.ASCII)
_EIGHT_DIGITS = re.compile(r"([12]\d{3})(\d{2})(\d{2})", re.ASCII)
_YEAR_LAST = re.compile(r"(\d{1,2})([-/.])\s?(\d{1,2})\2\s?(\d{4})", re.ASCII)
_ROMAN = re.compile(r"M{1,2}(CM|CD|D?C{0,3})(XC|XL|L?X{0,3})(IX|IV|V?I{0,3})")
_ROMAN_VALUES = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100, "D": 500, "M": 1000}

_NAMES_OF_MONTHS = "january february march april may june july august september october november december"
_MONTHS = {
    name[:length]: place for place, name in enumerate(_NAMES_OF_MONTHS.split(), start=1) for length in (3, len(name))
}
_MONTHS["sept"] = 9
_MONTH = "|".join(sorted(_MONTHS, key=len, reverse=True))
_DAY = r"(?P<day>\d{1,2})(?:st|nd|rd|th)?"
_WITH_MONTH = tuple(
    re.compile(form, re.ASCII | re.IGNORECASE)
    for form in (
        rf"(?:{_DAY}\s+(?:of\s+)?)?(?P<month>{_MONTH})\.?,?\s+(?P<year>\d{{4}})",
        rf"(?P<month>{_MONTH})\.?\s+{_DAY},?\s+(?P<year>\d{{4}})",
        rf"(?P<year>\d{{4}}),?\s+(?P<month>{_MONTH})\.?(?:\s+{_DAY})?",
        rf"{_DAY}-(?P<month>{_MONTH})-(?P<year>\d{{4}})",
    )
)
_TELLING = 5  # dates with a day beyond 12 that show how all dates of a column are meant
_ONLY_YEAR = re.compile(r"(?<![0-9])(1[0-9]{3}|20[0-9]{2})(?![0-9])")


@lru_cache(maxsize=4096)
def published_date(text: str) -> tuple[str | None, str | None]:
    """Return the date that a text gives for certain, in EDTF, and a note if a part of it is left out.

    Both are None when it says that there is none ("n.d.", 0). Raises ValueError when no year is certain.
    """
    text = " ".join(text.split())
    if is_nothing(text) or _UNDATED.fullmatch(text) or text.startswith(_CALIBRE_UNDATED):
        return None, None
    try:
        return edtf(text), None
    except ValueError:
        return _read(text)


def certain_year(text: str) -> int | None:
    """Return the (first) year that a text gives, None if it gives none. Raises ValueError as published_date()."""
    date, _ = published_date(text)
    return None if date is None else int(date[: 5 if date.startswith("-") else 4])


def month_comes_first(texts: Iterable[str]) -> bool | None:
    """Return whether dates such as 9/16/2006 are month, day, year; None when too few tell, or they contradict."""
    pairs = [(int(match[1]), int(match[3])) for text in texts if (match := _YEAR_LAST.fullmatch(text.strip()))]
    day_second, day_first = sum(second > 12 for _, second in pairs), sum(first > 12 for first, _ in pairs)
    if min(day_second, day_first) or max(day_second, day_first) < _TELLING:
        return None
    return day_second > 0


def year_first(text: str, *, month_first: bool) -> str:
    """Return a date such as 9/16/2006 as YYYY-MM-DD; other text as it is."""
    match = _YEAR_LAST.fullmatch(text.strip())
    if match is None:
        return text
    first, second = match[1].rjust(2, "0"), match[3].rjust(2, "0")
    month, day = (first, second) if month_first else (second, first)
    return f"{match[4]}-{month}-{day}"


def _read(text: str) -> tuple[str, str | None]:
    if match := _CORRECTED.fullmatch(text):
        return edtf(match[1]), None
    bare = _REMARK.sub("", text.strip("[]<>,;: ").rstrip(".")).strip("() ")
    if match := _TIMESTAMP.fullmatch(bare):
        return edtf(match[1]), None
    if match := _BEFORE_OUR_ERA.fullmatch(bare):
        return edtf(f"-{(match[1] or match[2]).rjust(4, '0')}"), None
    if match := _YEAR.fullmatch(bare):
        return edtf(match[1].rjust(4, "0")), None
    for form in (_by_digits, _with_month, _roman):
        if found := form(bare):
            return found
    return _of_words(bare), None


def _by_digits(text: str) -> tuple[str, str | None] | None:
    """Return a date that is written with digits, or an interval of two years."""
    if match := _RANGE.fullmatch(text):
        start, end = match.groups()
        if len(end) == 4 or int(end) > 12:
            return edtf(f"{start}/{end if len(end) == 4 else start[:2] + end}"), None
    if match := _OPEN_YEAR.fullmatch(text):
        return edtf(match[1]), None
    if match := _YEAR_FIRST.fullmatch(text) or _EIGHT_DIGITS.fullmatch(text):
        parts = [part.rjust(2, "0") for part in match.groups() if part and int(part)]
        return edtf("-".join(parts)), None
    if match := _YEAR_LAST.fullmatch(text):
        return _year_last(match)
    return None


def _year_last(match: re.Match[str]) -> tuple[str, str | None]:
    """Return the date of 25/03/2019; of 05/03/2019, which may be in March or in May, the year."""
    first, second = int(match[1]), int(match[3])
    if match[2] != "." and first != second and first <= 12 and second <= 12:
        return edtf(match[4]), "the day and the month may be either way round: only the year is kept"
    return edtf(year_first(match.group(), month_first=second > 12)), None


def _with_month(text: str) -> tuple[str, None] | None:
    for form in _WITH_MONTH:
        if match := form.fullmatch(text):
            parts = [match["year"], f"{_MONTHS[match['month'].lower()]:02}"]
            if match["day"]:
                parts.append(match["day"].rjust(2, "0"))
            return edtf("-".join(parts)), None
    return None


def _roman(text: str) -> tuple[str, None] | None:
    numeral = re.sub(r"[. ]", "", text)
    if not _ROMAN.fullmatch(numeral):
        return None
    values = [_ROMAN_VALUES[letter] for letter in numeral]
    year = sum(
        -value if value < following else value for value, following in zip(values, [*values[1:], 0], strict=True)
    )
    return edtf(str(year)), None


def _of_words(text: str) -> str:
    """Return the year of words with one year among them ("Spring 1999", "1888, c1887"). Raises ValueError."""
    years = _ONLY_YEAR.findall(text)
    others = _ONLY_YEAR.sub("", re.sub(r"\([^)]*\)", "", text))
    copyright_of = re.fullmatch(r"([0-9]{4})[\].?]*,? \[?(?:c|p|cop\. ?|\N{COPYRIGHT SIGN} ?)([0-9]{4})", text)
    if copyright_of:
        return edtf(copyright_of[1])
    if len(years) != 1 or re.search("[0-9]", others) or _UNCERTAIN.search(text):
        raise ValueError("does not give one certain year")
    return edtf(years[0])
