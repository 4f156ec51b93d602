"""The table of security events, which the triggers of diptych.core.engine.history_triggers and sign-ins fill."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, BigInteger, Identity, Index, Integer, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from diptych.core.engine.entity import NOT_DUMPED, Base, UtcDateTime

_STATE = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")


class SecurityEvent(Base):
    """One event. principal, name, via, request_id: who caused it, as in the history of changes.

    account_id: whom it is about; no foreign key, so that events outlive accounts. client: the network address of a
    sign-in. before, after: the row that was changed, without hashes.
    """

    __tablename__ = "security_event"
    __table_args__ = (
        Index("ix_security_event_account_id_id", "account_id", "id"),
        Index("ix_security_event_at_id", "at", "id"),
        {"info": NOT_DUMPED},
    )

    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), Identity(), primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime(timezone=True))
    principal: Mapped[str | None] = mapped_column(Text)
    name: Mapped[str | None] = mapped_column(Text)
    via: Mapped[str] = mapped_column(Text)
    request_id: Mapped[str | None] = mapped_column(Text)
    event: Mapped[str] = mapped_column(Text)
    account_id: Mapped[UUID | None] = mapped_column(Uuid)
    client: Mapped[str | None] = mapped_column(Text)
    before: Mapped[dict[str, Any] | None] = mapped_column(_STATE)
    after: Mapped[dict[str, Any] | None] = mapped_column(_STATE)
