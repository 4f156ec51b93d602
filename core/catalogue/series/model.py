"""Series: books that belong together, most of them in an order."""

from __future__ import annotations

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from diptych.core.catalogue.limits import NAME_MAX
from diptych.core.engine.derived_values import Rules
from diptych.core.engine.entity import Entity, SearchableMixin, SlugMixin, with_list_indexes
from diptych.core.engine.text_normalization import line


@with_list_indexes()
class Series(SearchableMixin, SlugMixin, Entity):
    """A series of books; two may share a name."""

    __tablename__ = "series"
    __table_args__ = (Index("ix_series_name", "name"),)
    rules = Rules(noun="series", named_by="name", normalizers={"name": line(NAME_MAX)})

    name: Mapped[str] = mapped_column(String(NAME_MAX))
