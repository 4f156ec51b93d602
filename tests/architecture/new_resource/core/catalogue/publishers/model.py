"""Publishers: the houses that books appear in."""

from __future__ import annotations

from sqlalchemy import SmallInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from diptych.core.engine.entity import Named, Record, Slugged, listed


@listed("founded")
class Publisher(Named, Slugged, Record):
    """A house; no two share a name."""

    __tablename__ = "publisher"

    name: Mapped[str] = mapped_column(String(255), unique=True)
    founded: Mapped[int | None] = mapped_column(SmallInteger)
