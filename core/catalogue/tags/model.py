"""Tags: the words books are found by."""

from __future__ import annotations

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from diptych.core.engine.entity import Named, Record, listed


@listed()
class Tag(Named, Record):
    """A word or phrase, in one spelling: diptych.core.catalogue.tags.rules.tag_name."""

    __tablename__ = "tag"

    name: Mapped[str] = mapped_column(String(100), unique=True)
    description: Mapped[str | None] = mapped_column(Text)
