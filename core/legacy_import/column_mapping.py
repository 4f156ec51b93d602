"""Map the columns of an earlier database to the catalogue's: possible names, types and conversion of each."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from diptych.core.catalogue.books import isbn, language, years
from diptych.core.engine import text_normalization

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_HEX = re.compile(r"[0-9a-fA-F]{32}|[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


@dataclass(frozen=True, slots=True)
class Field:
    """A column of the catalogue.

    found_as: names in earlier applications; the first that exists is used. kinds: accepted column types. rule:
    converts an old value; its ValueError says what is wrong, without naming the row. required: whether the column must
    exist and every row have a value.
    """

    name: str
    found_as: tuple[str, ...]
    kinds: frozenset[str]
    rule: Callable[[Any], Any]
    required: bool = False


def _string(value: Any) -> str:
    if not isinstance(value, str):
        kind = "bytes that are no UTF-8 text" if isinstance(value, bytes) else f"a {type(value).__name__}"
        raise ValueError(f"is {kind} where text should be")  # noqa: TRY004 - a value's fault, not a caller's
    return value


def _line(high: int) -> Callable[[Any], str]:
    def rule(value: Any) -> str:
        kept = text_normalization.clean(_string(value))
        if not kept:
            raise ValueError("is empty")
        if len(kept) > high:
            raise ValueError(f"has {len(kept):,} characters, and {high:,} is the most")
        return kept

    return rule


def _prose(value: Any) -> str:
    kept = text_normalization.clean(_string(value), multiline=True)
    if len(kept) > DESCRIPTION_LENGTH:
        raise ValueError(f"has {len(kept):,} characters, and {DESCRIPTION_LENGTH:,} is the most")
    return kept


def _unless_blank(rule: Callable[[str], str]) -> Callable[[Any], str | None]:
    """Return a rule that treats blank text, as forms store it, as no value."""

    def either(value: Any) -> str | None:
        kept = _string(value)
        return rule(kept) if kept.strip() else None

    return either


def whole(value: Any) -> int:
    """Convert an integer id. Errors: ValueError."""
    if not isinstance(value, int):
        raise ValueError("is no whole number")  # noqa: TRY004
    return value


def uuid(value: Any) -> UUID:
    """Convert a UUID stored as PostgreSQL's uuid, as 16 bytes or as text. Errors: ValueError."""
    match value:
        case UUID():
            return value
        case bytes() if len(value) == 16:
            return UUID(bytes=value)
        case str() if _HEX.fullmatch(value):
            return UUID(value)
    raise ValueError("is no UUID")


def shown(value: Any) -> str:
    """Format an id for people, however it is stored."""
    return str(UUID(bytes=value)) if isinstance(value, bytes) and len(value) == 16 else str(value)


def _day(value: Any) -> date:
    if isinstance(value, str) and _DATE.fullmatch(value):
        with suppress(ValueError):  # the right form, but no such day
            return date.fromisoformat(value)
    raise ValueError(f"is {value!r} and no date of the years 1 to 9999, written YYYY-MM-DD")


def moment(value: Any) -> datetime:
    """Convert a time to UTC; a time without an offset is taken as UTC. Errors: ValueError."""
    try:
        given = datetime.fromisoformat(_string(value))
        return given.replace(tzinfo=UTC) if given.tzinfo is None else given.astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError(f"is {value!r} and no time of the years 1 to 9999") from None


def _year(value: Any) -> int:
    number = whole(value)
    if not years.YEAR_MIN <= number <= years.YEAR_MAX:
        raise ValueError(f"is {number}, not between {years.YEAR_MIN} and {years.YEAR_MAX}")
    return number


DESCRIPTION_LENGTH = 10_000

_IDS = frozenset({"integer", "uuid", "text", "bytes"})
_TEXT = frozenset({"text"})
_DAYS = frozenset({"date"})
_TIMES = frozenset({"time", "aware time"})
_NUMBERS = frozenset({"integer"})

ID = Field("id", ("id",), _IDS, uuid, required=True)
AUTHOR_ID = Field("author_id", ("author_id",), _IDS, uuid, required=True)
CREATED_AT = Field("created_at", ("created_at", "created"), _TIMES, moment)
UPDATED_AT = Field("updated_at", ("updated_at", "updated"), _TIMES, moment)

AUTHOR = (
    ID,
    Field("name", ("name",), _TEXT, _line(255), required=True),
    Field("dob", ("dob", "birth_date", "date_of_birth"), _DAYS, _day),
    CREATED_AT,
    UPDATED_AT,
)
BOOK = (
    ID,
    Field("title", ("title",), _TEXT, _line(1000), required=True),
    AUTHOR_ID,
    Field("isbn", ("isbn",), _TEXT, _unless_blank(isbn.isbn13)),
    Field("year", ("year", "publication_year"), _NUMBERS, _year),
    Field("language", ("language",), _TEXT, _unless_blank(language.language_tag)),
    Field("description", ("description",), _TEXT, _prose),
    CREATED_AT,
    UPDATED_AT,
)
