"""What a column takes, by the type that it has."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from diptych.core.catalogue.authors.model import Author
from diptych.core.catalogue.books.model import Book
from diptych.core.catalogue.tags.model import Tag
from diptych.core.engine.column_types import checks
from diptych.core.engine.entity import Entity, UtcDateTime
from diptych.core.errors import ValidationFailed

ID = UUID("01890f3e-8f6a-7cc0-9d5a-3b1f6d2c4e5f")
NAIVE = datetime(2026, 1, 31, 12)  # noqa: DTZ001 - one without an offset is what is meant
AWARE = datetime(2026, 1, 31, 12, tzinfo=timezone(timedelta(hours=2)))


class Colour(StrEnum):
    RED = "red"


def check(column_type: Any, value: Any) -> Any:
    return checks([sa.Column("it", column_type)])["it"](value)


@pytest.mark.parametrize(
    ("column_type", "bits"), [(sa.SmallInteger(), 16), (sa.Integer(), 32), (sa.BigInteger(), 64)], ids=repr
)
def test_a_whole_number_is_one_that_postgresql_can_hold(column_type: Any, bits: int):
    low, high = -(2 ** (bits - 1)), 2 ** (bits - 1) - 1

    assert (check(column_type, low), check(column_type, high)) == (low, high)
    for value in (low - 1, high + 1):
        with pytest.raises(ValueError, match=f"from {low} to {high}"):
            check(column_type, value)


@pytest.mark.parametrize(
    ("column_type", "value", "kept"),
    [
        (sa.String(5), "x", "x"),
        (sa.Text(), Colour.RED, "red"),
        (sa.SmallInteger(), 0, 0),
        (sa.Float(), 1, 1),
        (sa.Float(), 1.5, 1.5),
        (sa.Numeric(), Decimal("1.50"), Decimal("1.50")),
        (sa.Numeric(), 3, Decimal(3)),
        (sa.Boolean(), False, False),
        (sa.Uuid(), ID, ID),
        (sa.Uuid(), str(ID).upper(), ID),
        (sa.Uuid(as_uuid=False), str(ID), str(ID)),
        (sa.Date(), AWARE.date(), AWARE.date()),
        (UtcDateTime(timezone=True), AWARE, AWARE),
        (sa.JSON(), [1], [1]),
    ],
)
def test_a_value_of_the_type_of_its_column_is_taken(column_type: Any, value: Any, kept: Any):
    found = check(column_type, value)

    assert found == kept
    assert isinstance(found, type(kept))


@pytest.mark.parametrize(
    ("column_type", "values", "expected"),
    [
        (sa.String(5), [5, b"x", ["x"], ID], "text"),
        (sa.SmallInteger(), [True, "1", 1.0, Decimal(1)], "a whole number"),
        (sa.Float(), [True, "1", Decimal(1)], "a number"),
        (sa.Numeric(), [True, "1", 1.5, Decimal("NaN"), Decimal("Infinity")], "a decimal number"),
        (sa.Boolean(), [0, 1, "true"], "true or false"),
        (sa.Uuid(), [5, "", "x", ID.hex, f"{{{ID}}}", f"urn:uuid:{ID}", ID.bytes], "a UUID in the 8-4-4-4-12 form"),
        (sa.Date(), ["2026-01-31", AWARE, NAIVE], "a date"),
        (UtcDateTime(timezone=True), ["2026-01-31T12:00:00Z", NAIVE, AWARE.date()], "a date and time with its offset"),
    ],
)
def test_a_value_of_another_type_is_refused_in_words(column_type: Any, values: list[Any], expected: str):
    for value in values:
        with pytest.raises(ValueError, match=f"^should be {expected}$"):
            check(column_type, value)


@pytest.mark.parametrize("model", [Author, Book, Tag])
def test_no_column_of_a_model_takes_everything(model: type[Entity]):
    class Nothing:
        pass

    names = model.__table__.columns.keys()
    with pytest.raises(ValidationFailed) as refused:
        model.rules.normalized(dict.fromkeys(names, Nothing()))
    assert [field_error.path for field_error in refused.value.field_errors] == [(name,) for name in names]
    assert model.rules.normalized(dict.fromkeys(names)) == dict.fromkeys(names)


def test_values_without_a_rule_stay_as_they_are():
    values = {"name": " Tove ", "shoes": 39, "dob": date(1914, 8, 9), "created_at": datetime.now(UTC)}

    assert Author.rules.normalized(values) == {**values, "name": "Tove"}
