"""Authors: the people and bodies that books come from."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, SmallInteger, String, extract
from sqlalchemy.orm import Mapped, mapped_column

from diptych.core.catalogue.authors.kinds import author_kind
from diptych.core.catalogue.books.years import bounded
from diptych.core.catalogue.limits import NAME_MAX
from diptych.core.engine.derived_values import Agreement, Rules
from diptych.core.engine.entity import Base, Entity, SearchableMixin, SlugMixin, part_of_history, with_list_indexes
from diptych.core.engine.text_normalization import line
from diptych.core.errors import FieldError


def impossible_life(values: Mapping[str, Any]) -> list[FieldError]:
    """Return an error for each date of a life that contradicts another."""
    born, day, died = values.get("birth_year"), values.get("dob"), values.get("death_year")
    field_errors = []
    if born is not None and day is not None and day.year != born:
        field_errors.append(FieldError("value", f"the year of {day} is not {born}", path=("birth_year",)))
    if died is not None and (first := born if day is None else day.year) is not None and died < first:
        field_errors.append(FieldError("value", f"{died} is before {first}", path=("death_year",)))
    return field_errors


@with_list_indexes("dob")
class Author(SearchableMixin, SlugMixin, Entity):
    """A person, body or meeting; two may share a name.

    sort_name: the form that a source files it under, if that is known. birth_year: of whom the day is not known.
    """

    __tablename__ = "author"
    __table_args__ = (Index("ix_author_name", "name"),)
    rules = Rules(
        noun="author",
        named_by="name",
        normalizers={
            "name": line(NAME_MAX),
            "kind": author_kind,
            "sort_name": line(NAME_MAX),
            "birth_year": bounded,
            "death_year": bounded,
        },
        contradictions=impossible_life,
        resets={"dob": ("birth_year",), "birth_year": ("dob",)},
        agreements={
            "dob": Agreement(
                lambda year, day: day is not None and day.year == year, lambda year, day: extract("year", day) == year
            ),
            "birth_year": Agreement(
                lambda day, year: day is not None and day.year == year, lambda day, year: extract("year", day) == year
            ),
        },
    )

    name: Mapped[str] = mapped_column(String(NAME_MAX))
    dob: Mapped[date | None]
    kind: Mapped[str | None] = mapped_column(String(10))
    sort_name: Mapped[str | None] = mapped_column(String(NAME_MAX))
    birth_year: Mapped[int | None] = mapped_column(SmallInteger)
    death_year: Mapped[int | None] = mapped_column(SmallInteger)


@part_of_history("names")
class AuthorName(Base):
    """Another name of an author, by which searches of imports find it too."""

    __tablename__ = "author_name"

    author_id: Mapped[UUID] = mapped_column(ForeignKey("author.id", ondelete="CASCADE"), primary_key=True)
    name: Mapped[str] = mapped_column(String(NAME_MAX), primary_key=True, index=True)
