"""Publishers: the houses that books appear in."""

from __future__ import annotations

from sqlalchemy import SmallInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from diptych.core.catalogue.books.years import bounded
from diptych.core.catalogue.limits import NAME_MAX
from diptych.core.engine.derived_values import Rules
from diptych.core.engine.entity import Entity, SearchableMixin, SlugMixin, with_list_indexes
from diptych.core.engine.text_normalization import line


@with_list_indexes("founded")
class Publisher(SearchableMixin, SlugMixin, Entity):
    """A house; no two share a name."""

    __tablename__ = "publisher"
    rules = Rules(
        noun="publisher",
        named_by="name",
        forms={"name": line(NAME_MAX), "founded": bounded},
        integers=frozenset({"founded"}),
    )

    name: Mapped[str] = mapped_column(String(NAME_MAX), unique=True)
    founded: Mapped[int | None] = mapped_column(SmallInteger)
