"""What a model or an input of one's own cannot be, and is told when it is imported."""

from __future__ import annotations

from typing import Annotated

import pytest
from pydantic import Field, Strict, TypeAdapter
from sqlalchemy import BigInteger, Boolean, Float, Integer, SmallInteger
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from diptych.core.catalogue.books.schemas import BookInput
from diptych.core.engine.entity import with_list_indexes
from diptych.core.engine.pagination import _reader
from diptych.core.engine.schemas.base import Input, check_integer_bounds, query_type


class Own(DeclarativeBase):
    """Models that are in no database."""


class Shelf(Own):
    __tablename__ = "own_shelf"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    created_at: Mapped[int]
    updated_at: Mapped[int]
    sort_key: Mapped[str]
    floor: Mapped[int] = mapped_column(SmallInteger)
    open: Mapped[bool] = mapped_column(Boolean)
    weight: Mapped[float] = mapped_column(Float)


@pytest.mark.parametrize("name", ["open", "weight"])
def test_lists_cannot_be_ordered_by_what_a_cursor_cannot_have(name: str):
    with pytest.raises(TypeError, match=f"own_shelf.{name} cannot order lists"):
        with_list_indexes(name)(Shelf)  # type: ignore[type-var]


@pytest.mark.parametrize("limits", [{}, {"ge": 0}, {"le": 9}, {"ge": -(2**15) - 1, "le": 0}, {"ge": 0, "le": 2**15}])
def test_an_input_cannot_take_whole_numbers_that_its_column_cannot_hold(limits: dict[str, int]):
    class ShelfInput(Input):
        floor: Annotated[int, Strict(), Field(**limits)]

    with pytest.raises(TypeError, match="floor needs"):
        check_integer_bounds(ShelfInput, Shelf)  # type: ignore[arg-type]


def test_an_input_can_take_all_whole_numbers_that_its_column_can_hold():
    class ShelfInput(Input):
        floor: Annotated[int, Strict(), Field(ge=-(2**15), le=2**15 - 1)] | None = None

    check_integer_bounds(ShelfInput, Shelf)  # type: ignore[arg-type]


def test_a_filter_has_the_limits_of_its_field_in_words_of_json_schema():
    schema = TypeAdapter(query_type(BookInput, "year")).json_schema()

    assert (schema["type"], schema["minimum"], schema["maximum"]) == ("integer", -4000, 3000)


@pytest.mark.parametrize(("kind", "number"), [(SmallInteger(), 2**15), (Integer(), 2**31), (BigInteger(), 2**63)])
def test_a_cursor_has_the_whole_numbers_that_its_column_can_hold(kind: Integer, number: int):
    assert _reader(kind)(number - 1) == number - 1
    with pytest.raises(ValueError, match="should be from"):
        _reader(kind)(number)
