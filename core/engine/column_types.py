"""Type checks of column values; only unambiguous values are converted."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Integer, SmallInteger

from diptych.core.engine.fixed_decimal import FixedDecimal

UUID_TEXT = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")

Check = Callable[[Any], Any]
"""Returns a value in the type of its column. Errors: ValueError."""


def parse_uuid(value: str) -> UUID:
    """Parse a UUID in its canonical spelling, in either case. Errors: ValueError."""
    if not UUID_TEXT.fullmatch(value):
        raise ValueError("should be a UUID in the 8-4-4-4-12 form")
    return UUID(value)


def checks(columns: Iterable[Any]) -> dict[str, Check]:
    """Return the check of each column's values, by name. A column of an unknown type accepts any value."""
    return {column.key: check_of(column.type) for column in columns}


def check_of(column_type: Any) -> Check:
    """Return what checks the values of a column of this type."""
    if isinstance(column_type, FixedDecimal):
        return lambda value: column_type.parse(f"{_decimal(value):f}")
    if isinstance(column_type, Integer):
        return _whole_number(*integer_bounds(column_type))
    return _CHECKS.get(_python_type(column_type), _anything)


def integer_bounds(column_type: Integer) -> tuple[int, int]:
    """Return the least and the greatest number that a column of this type holds in PostgreSQL."""
    bits = 16 if isinstance(column_type, SmallInteger) else 64 if isinstance(column_type, BigInteger) else 32
    return -(2 ** (bits - 1)), 2 ** (bits - 1) - 1


def _whole_number(low: int, high: int) -> Check:
    def check(value: Any) -> int:
        if not isinstance(value, int) or isinstance(value, bool):
            raise ValueError("should be a whole number")  # noqa: TRY004 - checks raise ValueError
        if not low <= value <= high:
            raise ValueError(f"should be from {low} to {high}")
        return value

    return check


def _python_type(column_type: Any) -> type | None:
    try:
        found: type = column_type.python_type
    except NotImplementedError:
        return None
    return found


def _anything(value: Any) -> Any:
    return value


def _instance(expected: str, *kinds: type, unlike: tuple[type, ...] = ()) -> Check:
    """Return a check that accepts instances of `kinds`, but not of the subclasses in `unlike` (bool for int)."""

    def check(value: Any) -> Any:
        if isinstance(value, kinds) and not isinstance(value, unlike):
            return value
        raise ValueError(f"should be {expected}")

    return check


def _uuid(value: Any) -> UUID:
    return value if isinstance(value, UUID) else parse_uuid(value if isinstance(value, str) else "")


def _moment(value: Any) -> datetime:
    if isinstance(value, datetime) and value.utcoffset() is not None:
        return value
    raise ValueError("should be a date and time with its offset")


def _decimal(value: Any) -> Decimal:
    """Accept no float: it is hardly ever exactly the number that was written."""
    if isinstance(value, Decimal | int) and not isinstance(value, bool) and Decimal(value).is_finite():
        return Decimal(value)
    raise ValueError("should be a decimal number")


_CHECKS: Mapping[type | None, Check] = {
    str: _instance("text", str),
    float: _instance("a number", float, int, unlike=(bool,)),
    Decimal: _decimal,
    bool: _instance("true or false", bool),
    UUID: _uuid,
    date: _instance("a date", date, unlike=(datetime,)),
    datetime: _moment,
}
