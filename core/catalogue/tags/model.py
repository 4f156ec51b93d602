"""Tags: the words books are found by."""

from __future__ import annotations

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from diptych.core.catalogue.limits import DESCRIPTION_MAX, TAG_MAX
from diptych.core.catalogue.tags.rules import tag_name
from diptych.core.engine.derived_values import Rules
from diptych.core.engine.entity import Entity, SearchableMixin, with_list_indexes
from diptych.core.engine.text_normalization import limited, prose


@with_list_indexes()
class Tag(SearchableMixin, Entity):
    """A word or phrase, in one spelling: diptych.core.catalogue.tags.rules.tag_name."""

    __tablename__ = "tag"
    rules = Rules(
        noun="tag",
        named_by="name",
        normalizers={"name": limited(tag_name, TAG_MAX), "description": prose(DESCRIPTION_MAX)},
    )

    name: Mapped[str] = mapped_column(String(TAG_MAX), unique=True)
    description: Mapped[str | None] = mapped_column(Text)
