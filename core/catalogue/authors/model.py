"""Authors: the people and bodies that books come from."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from diptych.core.engine.entity import Named, Record, Slugged, listed


@listed("dob")
class Author(Named, Slugged, Record):
    """A person or body; two may share a name."""

    __tablename__ = "author"
    __table_args__ = (Index("ix_author_name", "name"),)

    name: Mapped[str] = mapped_column(String(255))
    dob: Mapped[date | None]
