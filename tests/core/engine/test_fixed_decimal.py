"""Decimal numbers of a fixed scale, as text and in both databases."""

from __future__ import annotations

from decimal import Decimal

import pytest
from sqlalchemy import Column
from sqlalchemy.dialects import postgresql, sqlite

from diptych.core.engine.column_types import checks
from diptych.core.engine.fixed_decimal import FixedDecimal

PRICE = FixedDecimal(8, 2)
DIALECTS = (sqlite.dialect(), postgresql.dialect())


@pytest.mark.parametrize(
    ("text", "kept"),
    [("0", "0.00"), ("-0", "0.00"), ("12.5", "12.50"), ("999999.99", "999999.99"), ("-999999.99", "-999999.99")],
)
def test_a_number_has_all_digits_of_its_scale(text: str, kept: str):
    assert str(PRICE.parse(text)) == kept


@pytest.mark.parametrize(
    "text",
    [
        "",
        " 1",
        "1 ",
        "+1",
        "01",
        "1.",
        ".5",
        "1e5",
        "1E5",
        "NaN",
        "Infinity",
        "1.005",
        "1000000",
        "1,50",
        "\N{ARABIC-INDIC DIGIT ONE}",
    ],
)
def test_what_is_no_number_of_this_precision_is_refused(text: str):
    with pytest.raises(ValueError, match="6 digits and 2 decimals"):
        PRICE.parse(text)


def test_sqlite_keeps_whole_numbers_that_compare_as_the_numbers_do():
    bind, read = (PRICE.dialect_impl(DIALECTS[0]), PRICE.result_processor(DIALECTS[0], None))
    numbers = [Decimal(text) for text in ("-999999.99", "-0.01", "0", "0.1", "0.10", "2", "10")]
    stored = [bind.bind_processor(DIALECTS[0])(number) for number in numbers]

    assert stored == sorted(stored) == [-99999999, -1, 0, 10, 10, 200, 1000]
    assert [str(read(value)) for value in stored] == ["-999999.99", "-0.01", "0.00", "0.10", "0.10", "2.00", "10.00"]


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
def test_a_number_that_would_lose_digits_is_never_stored(dialect):
    bind = PRICE.dialect_impl(dialect).bind_processor(dialect)

    with pytest.raises(ValueError, match="2 decimals"):
        bind(Decimal("1.005"))


@pytest.mark.parametrize(("precision", "scale"), [(19, 2), (2, 2), (2, 0), (0, 0)])
def test_a_type_that_sqlite_cannot_keep_cannot_be_made(precision: int, scale: int):
    with pytest.raises(ValueError, match="18 digits"):
        FixedDecimal(precision, scale)


def test_services_refuse_what_the_column_cannot_hold():
    check = checks([Column("price", PRICE)])["price"]

    assert str(check(3)) == "3.00"
    for value in (Decimal("1.005"), Decimal("NaN"), 1.5, "3", True):
        with pytest.raises(ValueError, match="should"):
            check(value)
