"""The types that input is made of: strict where JSON is, and normalised on the way in."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from msgspec import Meta
from pydantic import (
    AfterValidator,
    BeforeValidator,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    PlainValidator,
    Strict,
)
from pydantic_core import PydanticCustomError, core_schema

from diptych.core import deadline
from diptych.core.engine import cursors, slugs, text_normalization
from diptych.core.engine.column_types import UUID_TEXT
from diptych.core.engine.cursors import Cursor
from diptych.core.engine.fixed_decimal import FixedDecimal

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIMESTAMP = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?([Zz]|[+-][0-9]{2}:[0-9]{2})"
)
_INTEGER = re.compile(r"-?[0-9]{1,10}")


def ruled(code: str, rule: Callable[[str], Any]) -> Callable[[str], Any]:
    """Return a validator that applies a rule to a value: its ValueError becomes a field error with this code."""

    def validate(value: str) -> Any:
        try:
            return rule(value)
        except ValueError as error:
            raise PydanticCustomError(code, "{reason}", {"reason": str(error)}) from None

    return validate


def _matching(pattern: re.Pattern[str], code: str, expected: str, convert: Callable[[str], Any]) -> BeforeValidator:
    """Return a validator of text in one exact form; pydantic alone would also accept numbers and other spellings."""

    def validate(value: Any) -> Any:
        if isinstance(value, str) and pattern.fullmatch(value):
            try:
                return convert(value)
            except (ValueError, OverflowError):
                pass  # the right form, but no such date or time: the same error
        raise PydanticCustomError(code, "should be {expected}", {"expected": expected})

    return BeforeValidator(validate)


@dataclass(frozen=True, slots=True)
class SchemaMetadata:
    """What the OpenAPI document says of a type besides pydantic's own schema: an example, and the form of its text.

    pattern: a regular expression that means the same in Python and in JavaScript (ECMA-262).
    """

    example: Any
    pattern: str | None = None
    description: str | None = None
    format: str | None = None
    max_length: int | None = None

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        own = {
            "format": self.format,
            "pattern": self.pattern,
            "maxLength": self.max_length,
            "description": self.description,
        }
        given = {keyword: value for keyword, value in own.items() if value is not None}
        return {**handler(schema), **given, "examples": [self.example]}


EXAMPLE_ID = "01a1fbd7-55dd-7561-861e-8d0bba31278f"
_DAY = "(?!0000)[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
_HOUR_MINUTE = "([01][0-9]|2[0-3]):[0-5][0-9]"

Id = Annotated[
    UUID,
    _matching(UUID_TEXT, "uuid", "a UUID in the 8-4-4-4-12 form", UUID),
    SchemaMetadata(EXAMPLE_ID, f"^{UUID_TEXT.pattern}$"),
]
Date = Annotated[
    date,
    _matching(_DATE, "date", "a date as YYYY-MM-DD", date.fromisoformat),
    SchemaMetadata("1914-08-09", f"^{_DAY}$"),
]
Instant = Annotated[
    datetime,
    _matching(
        _TIMESTAMP,
        "timestamp",
        "a date and time with its offset (RFC 3339), such as 2026-01-31T12:00:00Z",
        lambda value: datetime.fromisoformat(value.upper()).astimezone(UTC),
    ),
    SchemaMetadata(
        "2026-01-31T12:00:00Z",
        rf"^{_DAY}[Tt]{_HOUR_MINUTE}:[0-5][0-9](\.[0-9]{{1,6}})?([Zz]|[+-]{_HOUR_MINUTE})$",
    ),
]


UtcTimestamp = Annotated[datetime, Meta(tz=True)]
"""A time as answered: in UTC."""


@dataclass(frozen=True, slots=True)
class Length:
    """Bounds on a text's length in characters, as it is after its rule has normalised it.

    A text that is several times as long is refused before its rule sees it. searched: whether rows are found by it;
    its folded form, which is stored and indexed, is bounded too.
    """

    low: int
    high: int
    searched: bool = True

    def check(self, value: Any, normalize: Callable[[Any], str]) -> str:
        """Return the text, normalized. Errors: PydanticCustomError; ServiceUnavailable when the deadline has passed."""
        deadline.check()
        if isinstance(value, str) and text_normalization.is_too_long_to_read(value, self.high):
            raise self._too_long()
        text = normalize(value)
        if len(text) < self.low:
            raise PydanticCustomError("string_too_short", "should have at least {low} character(s)", {"low": self.low})
        if len(text) > self.high:
            raise self._too_long()
        if self.searched and text_normalization.folds_too_long(text, self.high):
            longest = text_normalization.FOLDED_FACTOR * self.high
            reason = "should have at most {high} characters when folded for search"
            raise PydanticCustomError("string_too_long", reason, {"high": longest})
        return text

    def _too_long(self) -> PydanticCustomError:
        return PydanticCustomError("string_too_long", "should have at most {high} characters", {"high": self.high})

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        return core_schema.no_info_wrap_validator_function(self.check, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        # No maxLength: outer white space and combining marks make the input longer than its normalized form.
        told = f"{self.low} to {self.high:,} characters, as it is kept."
        return {**handler(schema), "minLength": self.low, "description": told}


@dataclass(frozen=True, slots=True)
class DecimalText:
    """A decimal number as text, of up to `precision` digits, `scale` of them after the point.

    Text, because most clients read a JSON number as a binary float, which has no 0.10.
    """

    precision: int
    scale: int
    minimum: Decimal = Decimal("-Infinity")

    def parse(self, value: Any) -> Decimal:
        """Return the number. Errors: PydanticCustomError."""
        expected = f"a decimal number in a string, with up to {self.scale} decimals"
        if not isinstance(value, str):
            raise PydanticCustomError("decimal", "should be {expected}", {"expected": expected})
        number = ruled("decimal", FixedDecimal(self.precision, self.scale).parse)(value)
        if number < self.minimum:
            raise PydanticCustomError("decimal", "should be at least {minimum}", {"minimum": str(self.minimum)})
        found: Decimal = number
        return found

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        return core_schema.no_info_plain_validator_function(self.parse)

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        sign = "" if self.minimum >= 0 else "-?"
        digits = rf"(0|[1-9][0-9]{{0,{self.precision - self.scale - 1}}})(\.[0-9]{{1,{self.scale}}})?"
        return {"type": "string", "pattern": f"^{sign}{digits}$"}


# What text_normalization takes: no control characters; line breaks and tabs around a line, and within prose.
_CONTROL = r"\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f"
_BREAK = r"\u0000-\u001f\u007f-\u009f"
_SPACE = r" \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
_WHITE = rf"\t\n\r{_SPACE}"
_BLANK_OR_LINE = rf"^[{_WHITE}]*(?:[^{_BREAK}{_WHITE}][^{_BREAK}]*[{_WHITE}]*)?$"
WORDS_PATTERN = rf"^[^{_CONTROL}]*[^{_CONTROL}{_WHITE}][^{_CONTROL}]*$"
PROSE_PATTERN = f"^[^{_CONTROL}]*$"


def line_pattern(high: int) -> str:
    """Return the pattern of a line of 1 to `high` characters within white space; a run of it counts as one space."""
    visible = f"[^{_BREAK}{_WHITE}]"
    return f"^[{_WHITE}]*{visible}(?:[{_SPACE}]*{visible}){{0,{high - 1}}}[{_WHITE}]*$"


Text = Annotated[str, Strict()]
Line = Annotated[
    Text, AfterValidator(ruled("text", text_normalization.clean)), SchemaMetadata("shadow", _BLANK_OR_LINE)
]
Prose = Annotated[Text, AfterValidator(ruled("text", lambda value: text_normalization.clean(value, multiline=True)))]

Slug = Annotated[Line, AfterValidator(ruled("slug", slugs.check_slug)), Length(1, slugs.SLUG_LENGTH)]

# The same in a query string, where everything is text.
QueryInteger = _matching(_INTEGER, "integer", "a whole number", int)
_PARSED_CURSOR = PlainValidator(ruled("cursor", cursors.parse), json_schema_input_type=str)


def _as_example(cursor: Cursor) -> SchemaMetadata:
    return SchemaMetadata(str(cursor), "^[0-9A-Za-z_-]+$", max_length=cursors.LENGTH)


QueryCursor = Annotated[
    Cursor,
    _PARSED_CURSOR,
    _as_example(Cursor("created_at", "asc", True, False, "2026-01-31T12:00:00Z", UUID(EXAMPLE_ID))),
]
QueryCursorById = Annotated[
    Cursor, _PARSED_CURSOR, _as_example(Cursor("id", "asc", True, False, EXAMPLE_ID, UUID(EXAMPLE_ID)))
]
"""That of a list which is ordered by the id alone."""
QueryBoolean = _matching(re.compile("true|false"), "boolean", "true or false", lambda value: value == "true")
QueryFlag = Annotated[bool, QueryBoolean]
