"""Authors: the people and bodies that books come from."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from diptych.core.catalogue.limits import NAME_MAX
from diptych.core.engine.derived_values import Rules
from diptych.core.engine.entity import Entity, SearchableMixin, SlugMixin, with_list_indexes
from diptych.core.engine.text_normalization import line


@with_list_indexes("dob")
class Author(SearchableMixin, SlugMixin, Entity):
    """A person or body; two may share a name."""

    __tablename__ = "author"
    __table_args__ = (Index("ix_author_name", "name"),)
    rules = Rules(noun="author", named_by="name", normalizers={"name": line(NAME_MAX)})

    name: Mapped[str] = mapped_column(String(NAME_MAX))
    dob: Mapped[date | None]
