"""Publishers: the houses and imprints that publish books."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from diptych.core.catalogue.limits import NAME_MAX
from diptych.core.engine.derived_values import Rules
from diptych.core.engine.entity import Base, Entity, SearchableMixin, SlugMixin, part_of_history, with_list_indexes
from diptych.core.engine.text_normalization import line


@with_list_indexes()
class Publisher(SearchableMixin, SlugMixin, Entity):
    """A publishing house or imprint; two may share a name."""

    __tablename__ = "publisher"
    __table_args__ = (Index("ix_publisher_name", "name"),)
    rules = Rules(noun="publisher", named_by="name", normalizers={"name": line(NAME_MAX)})

    name: Mapped[str] = mapped_column(String(NAME_MAX))


@part_of_history("names")
class PublisherName(Base):
    """Another name of a publisher, by which imports find it too."""

    __tablename__ = "publisher_name"

    publisher_id: Mapped[UUID] = mapped_column(ForeignKey("publisher.id", ondelete="CASCADE"), primary_key=True)
    name: Mapped[str] = mapped_column(String(NAME_MAX), primary_key=True, index=True)
