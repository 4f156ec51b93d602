"""Tags: the words books are found by."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from diptych.core.catalogue.limits import DESCRIPTION_MAX, SCHEME_MAX, TAG_MAX
from diptych.core.catalogue.tags.rules import tag_name, tag_scheme
from diptych.core.engine.derived_values import Rules
from diptych.core.engine.entity import Base, Entity, SearchableMixin, part_of_history, with_list_indexes
from diptych.core.engine.text_normalization import limited, prose


@with_list_indexes()
class Tag(SearchableMixin, Entity):
    """A word or phrase, in one spelling (diptych.core.catalogue.tags.rules.tag_name). scheme: its vocabulary."""

    __tablename__ = "tag"
    rules = Rules(
        noun="tag",
        named_by="name",
        normalizers={"name": limited(tag_name, TAG_MAX), "description": prose(DESCRIPTION_MAX), "scheme": tag_scheme},
    )

    name: Mapped[str] = mapped_column(String(TAG_MAX), unique=True)
    description: Mapped[str | None] = mapped_column(Text)
    scheme: Mapped[str | None] = mapped_column(String(SCHEME_MAX))


@part_of_history("names")
class TagAlias(Base):
    """Another name of a tag, which no tag has: books that are given it get the tag."""

    __tablename__ = "tag_name"

    tag_id: Mapped[UUID] = mapped_column(ForeignKey("tag.id", ondelete="CASCADE"), primary_key=True)
    name: Mapped[str] = mapped_column(String(TAG_MAX), primary_key=True, index=True)
