"""The table of changes, which the triggers of diptych.core.engine.history_triggers fill."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, BigInteger, Identity, Index, Integer, Text, Uuid, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from diptych.core.engine import history_triggers
from diptych.core.engine.entity import NOT_DUMPED, Base, UtcDateTime


class Change(Base):
    """A change of one row of the catalogue, or of the rows that belong to it.

    principal: the id of the account that made it, and name its name then; neither is a foreign key, so that a change
    outlives the account. resource: the table of the row. before, after: its columns, or rows of one part of it; before
    is null where the row is new, after where it was deleted.
    """

    __tablename__ = "change"
    __table_args__ = (
        Index("ix_change_resource_id_id", "resource_id", "id"),
        Index(
            "ix_change_principal_id",
            "principal",
            "id",
            postgresql_where=text("principal IS NOT NULL"),
            sqlite_where=text("principal IS NOT NULL"),
        ),
        Index(
            "ix_change_request_id_id",
            "request_id",
            "id",
            postgresql_where=text("request_id IS NOT NULL"),
            sqlite_where=text("request_id IS NOT NULL"),
        ),
        Index("ix_change_at_id", "at", "id"),
        {"info": NOT_DUMPED},
    )

    # In the order in which they are made: the trigger that takes the next number holds the lock of the row.
    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), Identity(), primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime(timezone=True))
    principal: Mapped[str | None] = mapped_column(Text)
    name: Mapped[str | None] = mapped_column(Text)
    via: Mapped[str] = mapped_column(Text)
    request_id: Mapped[str | None] = mapped_column(Text)
    action: Mapped[str] = mapped_column(Text)
    resource: Mapped[str] = mapped_column(Text)
    resource_id: Mapped[UUID] = mapped_column(Uuid)
    before: Mapped[dict[str, Any] | None] = mapped_column(
        JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
    )
    after: Mapped[dict[str, Any] | None] = mapped_column(
        JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
    )


history_triggers.watch(Base.metadata, Change.__table__)  # type: ignore[arg-type]  # a Table
