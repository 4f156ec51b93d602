"""The types that input is made of: strict where JSON is, and normalised by core.rules on the way in."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, BeforeValidator, Field, GetCoreSchemaHandler, GetJsonSchemaHandler, Strict
from pydantic_core import PydanticCustomError, core_schema

from core.rules import isbn, language, text, years

_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIMESTAMP = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?([Zz]|[+-][0-9]{2}:[0-9]{2})"
)
_INTEGER = re.compile(r"-?[0-9]{1,10}")


def _ruled(code: str, rule: Callable[[str], Any]) -> Callable[[str], Any]:
    """A rule of core.rules as a validator: its ValueError becomes a fault with this code."""

    def validate(value: str) -> Any:
        try:
            return rule(value)
        except ValueError as error:
            raise PydanticCustomError(code, "{reason}", {"reason": str(error)}) from None

    return validate


def _matching(pattern: re.Pattern[str], code: str, expected: str, convert: Callable[[str], Any]) -> BeforeValidator:
    """Text of one exact shape, where pydantic alone would also take numbers and half a dozen other spellings."""

    def validate(value: Any) -> Any:
        if isinstance(value, str) and pattern.fullmatch(value):
            try:
                return convert(value)
            except (ValueError, OverflowError):
                pass  # the right shape and still no such day or moment: the same fault
        raise PydanticCustomError(code, "should be {expected}", {"expected": expected})

    return BeforeValidator(validate)


def parse_uuid(value: str) -> UUID:
    """A UUID in its one canonical spelling, either case. Errors: ValueError."""
    if not _UUID.fullmatch(value):
        raise ValueError("not a UUID in the 8-4-4-4-12 form")
    return UUID(value)


Id = Annotated[UUID, _matching(_UUID, "uuid", "a UUID in the 8-4-4-4-12 form", UUID)]
Date = Annotated[date, _matching(_DATE, "date", "a date as YYYY-MM-DD", date.fromisoformat)]
Instant = Annotated[
    datetime,
    _matching(
        _TIMESTAMP,
        "timestamp",
        "a date and time with its offset (RFC 3339), such as 2026-01-31T12:00:00Z",
        lambda value: datetime.fromisoformat(value.upper()).astimezone(UTC),
    ),
]


@dataclass(frozen=True, slots=True)
class Length:
    """Bounds on a text's length in characters, as it is after its rule has normalised it."""

    low: int
    high: int

    def check(self, value: str) -> str:
        """The text. Errors: PydanticCustomError."""
        if len(value) < self.low:
            raise PydanticCustomError("string_too_short", "should have at least {low} character(s)", {"low": self.low})
        if len(value) > self.high:
            raise PydanticCustomError("string_too_long", "should have at most {high} characters", {"high": self.high})
        return value

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        return core_schema.no_info_after_validator_function(self.check, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {**handler(schema), "minLength": self.low, "maxLength": self.high}


_Text = Annotated[str, Strict()]
Line = Annotated[_Text, AfterValidator(_ruled("text", text.clean))]
Prose = Annotated[_Text, AfterValidator(_ruled("text", lambda value: text.clean(value, multiline=True)))]

AuthorName = Annotated[Line, Length(1, 255)]
Title = Annotated[Line, Length(1, 1000)]
TagName = Annotated[_Text, AfterValidator(_ruled("tag_name", text.tag_name)), Length(1, 100)]
Description = Annotated[Prose, Length(0, 10_000)]
Isbn = Annotated[_Text, AfterValidator(_ruled("isbn", isbn.isbn13))]
Year = Annotated[int, Strict(), Field(ge=years.YEAR_MIN, le=years.YEAR_MAX)]
Language = Annotated[_Text, AfterValidator(_ruled("language_tag", language.language_tag))]

# The same in a query string, where everything is text.
WrittenInteger = _matching(_INTEGER, "integer", "a whole number", int)
WrittenYear = Annotated[int, WrittenInteger, Field(ge=years.YEAR_MIN, le=years.YEAR_MAX)]
WrittenFlag = Annotated[
    bool, _matching(re.compile("true|false"), "boolean", "true or false", lambda value: value == "true")
]
