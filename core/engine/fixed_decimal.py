"""Decimal numbers that both databases keep exactly."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, Dialect, Numeric
from sqlalchemy.types import TypeDecorator, TypeEngine

DIGITS = 18
"""Digits of a number, at most: as many as any whole number of 64 bits has."""


class FixedDecimal(TypeDecorator[Decimal]):
    """A number of up to `precision` digits, `scale` of them after the point, as SQL's NUMERIC(precision, scale).

    SQLite has no such type, and keeps the number without its point, as a whole number of 64 bits: it compares right and
    loses nothing. Errors: ValueError for a value that it cannot hold, and for more than 18 digits.
    """

    impl = Numeric
    cache_ok = True

    def __init__(self, precision: int, scale: int) -> None:
        if not 0 < scale < precision <= DIGITS:
            raise ValueError(f"there are up to {DIGITS} digits, some of them after the point and some before it")
        super().__init__(precision, scale)
        self.precision = precision
        self.scale = scale
        self._pattern = re.compile(rf"-?(?:0|[1-9][0-9]{{0,{precision - scale - 1}}})(?:\.[0-9]{{1,{scale}}})?")

    @property
    def python_type(self) -> type[Decimal]:
        return Decimal

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        numeric: TypeEngine[Any] = Numeric(self.precision, self.scale)
        return dialect.type_descriptor(BigInteger() if dialect.name == "sqlite" else numeric)

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        exact = self.parse(f"{value:f}")
        return int(exact.scaleb(self.scale)) if dialect.name == "sqlite" else exact

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Decimal | None] | None:  # noqa: ARG002 - SQLAlchemy's signature
        # psycopg reads a NUMERIC as a Decimal; SQLAlchemy's own processor needs a cursor to say so.
        return self._from_whole_number if dialect.name == "sqlite" else None

    def _from_whole_number(self, value: int | None) -> Decimal | None:
        return None if value is None else Decimal(value).scaleb(-self.scale)

    def parse(self, text: str) -> Decimal:
        """Return the number that a text is, with all digits of its scale. Errors: ValueError."""
        if not self._pattern.fullmatch(text):
            raise ValueError(f"should have up to {self.precision - self.scale} digits and {self.scale} decimals")
        number = Decimal(text).quantize(Decimal(1).scaleb(-self.scale))
        # No database keeps the sign of zero.
        return number or number.copy_abs()
