"""Convert the values of an earlier database one by one, from any type of column.

Each function takes a value as the reader returns it, and the kind of its column. It returns the value that the
catalogue keeps and what kind of conversion that was, "" for none. Its ValueError says what is wrong with the value,
without naming the row.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from diptych.core.catalogue.books import isbn, language, urls, years
from diptych.core.catalogue.books.contributors import ROLES
from diptych.core.catalogue.books.language_names import tag_of_name
from diptych.core.catalogue.tags.rules import tag_name
from diptych.core.engine import text_normalization
from diptych.core.formats.values.dates import published_date
from diptych.core.formats.values.extents import book_format, page_count

Converted = tuple[Any, str]
Conversion = Callable[[Any, str], Converted]

OTHER_FORM = "in another form"
"""The kind of conversion of text that is only cleaned or spelled differently."""

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_DATE_AND_TIME = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})[ T]([0-9:.]+)( ?[-+Z].*)?")
_MIDNIGHT = re.compile(r"0?0:00(:00(\.0*)?)?")
_HEX = re.compile(r"[0-9a-fA-F]{32}|[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_WHOLE = re.compile(r"(-?[0-9]+)(\.0*)?")

_LEAST_ISBN = 1_000_000
"""Less than this is no ISBN-10 that has lost its leading zeros."""


def text_of(value: Any) -> str:
    """Return a value as a person writes it: "" for no value, the canonical form of a UUID, hexadecimal bytes."""
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case bytes() if len(value) == 16:
            return str(UUID(bytes=value))
        case bytes():
            return value.hex()
    return str(value)


def key_of(value: Any) -> str:
    """Return the canonical text of an id, by which rows that refer to it find it."""
    if type(value) is int:
        return str(value)
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    text = text_of(value)
    return str(UUID(text)) if _HEX.fullmatch(text) else text


def uuid_of(key: str) -> UUID | None:
    """Return the UUID that an id, in its canonical text, is."""
    return UUID(key) if len(key) == 36 and _HEX.fullmatch(key) else None


def to_key(value: Any, _: str) -> Converted:
    """Convert an id, or a reference to one."""
    return key_of(value), ""


def to_text(value: Any, _: str) -> Converted:
    """Leave a text as it is, to be split into names later."""
    return _text(value), ""


def to_line(longest: int) -> Conversion:
    """Return the conversion to a name or title of at most `longest` characters."""
    rule = text_normalization.line(longest)

    def convert(value: Any, kind: str) -> Converted:
        text = _text(value)
        kept = text_normalization.clean(text)
        if len(kept) > longest:
            raise ValueError(f"has {len(kept):,} characters, and {longest:,} is the most")
        return rule(text), _kind_of(value, kind, "text") or _changed(kept, text)

    return convert


def to_prose(longest: int) -> Conversion:
    """Return the conversion to a text of several lines, of at most `longest` characters."""

    def convert(value: Any, kind: str) -> Converted:
        text = _text(value)
        kept = text_normalization.clean(text, multiline=True)
        if len(kept) > longest:
            raise ValueError(f"has {len(kept):,} characters, and {longest:,} is the most")
        return kept, _kind_of(value, kind, "text") or _changed(kept, text)

    return convert


def to_tag_of(longest: int) -> Conversion:
    """Return the conversion to the name of a tag, which is kept in lower case."""
    rule = text_normalization.limited(tag_name, longest)

    def convert(value: Any, kind: str) -> Converted:
        text = _text(value)
        kept = rule(text)
        return kept, _kind_of(value, kind, "text") or _changed(kept, text)

    return convert


def to_year(value: Any, kind: str) -> Converted:
    """Convert a year: a number, digits, "c. 1965", or the year of a date."""
    if isinstance(value, int) and not isinstance(value, bool):
        return _bounded(value), ""
    text = _text(value).strip()
    if isinstance(value, float) or kind == "number":
        return _bounded(_whole(text)), "number to year"
    if _DATE.fullmatch(text) or _DATE_AND_TIME.fullmatch(text):
        return _bounded(_day(text[:10]).year), f"{source_of(value, kind)} to year"
    return years.year(text), f"{source_of(value, kind)} to year"


def to_isbn(value: Any, kind: str) -> Converted:
    """Convert an ISBN: a number, which has no leading zeros, or text with or without spaces and hyphens."""
    text = _text(value)
    if isinstance(value, int | float) or kind == "number":
        number = _whole(text.strip())
        if number < _LEAST_ISBN:
            raise ValueError("ISBN must have 10 or 13 digits")
        return isbn.isbn13(f"{number:010}"), "number to ISBN"
    kept = isbn.isbn13(text)
    return kept, "text to ISBN" if kept != text else ""


def to_language(value: Any, kind: str) -> Converted:
    """Convert a language: a tag, a three-letter code, or an English name."""
    text = _text(value)
    kept, named = _language(text)
    return kept, "language name to tag" if named else _kind_of(value, kind, "text") or _changed(kept, text)


def to_date(value: Any, kind: str) -> Converted:
    """Convert a date: a date, its text, or a time at midnight."""
    text = _text(value).strip()
    if _DATE.fullmatch(text):
        return _day(text), "" if kind == "date" else f"{source_of(value, kind)} to date"
    timed = _DATE_AND_TIME.fullmatch(text)
    if timed is None or not isinstance(value, str):
        raise ValueError("is no date of the years 1 to 9999, written YYYY-MM-DD")
    if not _MIDNIGHT.fullmatch(timed[2]):
        raise ValueError("has a time of day, and only midnight is a date")
    return _day(timed[1]), "timestamp to date"


def to_position(longest: int) -> Conversion:
    """Return the conversion to a place in a series, of at most `longest` characters: 1.0 is 1."""
    convert_line = to_line(longest)

    def convert(value: Any, kind: str) -> Converted:
        if isinstance(value, float) or kind == "number":
            return convert_line(re.sub(r"\.0*\Z", "", _text(value)), "text")
        return convert_line(value, kind)

    return convert


def to_published(value: Any, kind: str) -> Converted:
    """Convert a date of publication to EDTF: a date, a year, or text such as "May 1999"."""
    if kind in ("date", "time", "aware time"):
        day, _ = to_date(value, kind)
        return day.isoformat(), ""
    text = _text(value).strip()
    if _DATE_AND_TIME.fullmatch(text):
        day, changed = to_date(text, kind)
        return day.isoformat(), changed
    kept, note = published_date(text)
    if kept is None or note is not None:
        raise ValueError("is no certain date of publication, written YYYY, YYYY-MM or YYYY-MM-DD")
    return kept, "" if kept == text else f"{source_of(value, kind)} to date"


def to_pages(value: Any, kind: str) -> Converted:
    """Convert a number of pages: a number, or text such as "xii, 243 p."."""
    pages = page_count(_text(value))
    if pages is None:
        raise ValueError("is no number of pages")
    return pages, _kind_of(value, kind, "number")


def to_format(value: Any, _: str) -> Converted:
    """Convert a format or binding, such as "Hardback"."""
    text = _text(value)
    kept = book_format(text)
    return kept, _changed(kept or "", text)


def to_url(value: Any, _: str) -> Converted:
    """Convert the address of a web page."""
    text = _text(value)
    kept = urls.web_address(text)
    return kept, _changed(kept, text)


def to_moment(value: Any, kind: str) -> Converted:
    """Convert a time to UTC; a time without an offset is taken as UTC."""
    if isinstance(value, str):
        # Out of range, or not a time.
        with suppress(ValueError, OverflowError):
            given = datetime.fromisoformat(value)
            kept = given.replace(tzinfo=UTC) if given.tzinfo is None else given.astimezone(UTC)
            return kept, "" if kind in ("time", "aware time") else f"{source_of(value, kind)} to time"
    raise ValueError("is no time of the years 1 to 9999")


def to_role(value: Any, _: str) -> Converted:
    """Convert the role of a contributor."""
    text = _text(value)
    kept = text.strip().lower()
    if kept not in ROLES:
        raise ValueError(f"is none of the roles {', '.join(ROLES)}")
    return kept, _changed(kept, text)


def source_of(value: Any, kind: str) -> str:
    """Return what a value was, in a word, for the name of a conversion. kind: of its column."""
    if isinstance(value, bool) or kind == "boolean":
        return "boolean"
    if isinstance(value, int | float) or kind == "number":
        return "number"
    return {"date": "date", "time": "timestamp", "aware time": "timestamp"}.get(kind, "text")


@lru_cache(maxsize=256)
def _language(text: str) -> tuple[str, bool]:
    """Return the tag of a language, and whether the text is its name."""
    try:
        return language.language_tag(text), False
    except ValueError:
        named = tag_of_name(text)
        if named is None:
            raise
        return named, True


def _kind_of(value: Any, kind: str, wanted: str) -> str:
    """Return the kind of a conversion from another type, "" from the same."""
    source = source_of(value, kind)
    return "" if source == wanted else f"{source} to {wanted}"


def _changed(kept: str, text: str) -> str:
    return OTHER_FORM if kept != text else ""


def _text(value: Any) -> str:
    if isinstance(value, bytes):
        raise ValueError("is bytes that are no UTF-8 text")  # noqa: TRY004 - a value's fault, not a caller's
    return value if isinstance(value, str) else text_of(value)


def _whole(text: str) -> int:
    match = _WHOLE.fullmatch(text)
    if match is None:
        raise ValueError("is no whole number")
    return int(match[1])


def _bounded(number: int) -> int:
    if not years.YEAR_MIN <= number <= years.YEAR_MAX:
        raise ValueError(f"is not between {years.YEAR_MIN} and {years.YEAR_MAX}")
    return number


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError("is no date of the years 1 to 9999, written YYYY-MM-DD") from None
