"""Requests that clients may repeat, and what was answered to each."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, LargeBinary, SmallInteger, Text
from sqlalchemy.orm import Mapped, mapped_column

from diptych.core.engine.entity import Base, UtcDateTime, binary_collated_string
from diptych.core.idempotency.rules import KEY_LENGTH


class IdempotencyKey(Base):
    """A key, the request that it came with first, and the answer to that.

    There is no answer until the work is done, and nobody else sees the row before: both are one transaction.
    """

    __tablename__ = "idempotency_key"

    key: Mapped[str] = mapped_column(binary_collated_string(KEY_LENGTH), primary_key=True)
    fingerprint: Mapped[bytes] = mapped_column(LargeBinary)
    status: Mapped[int | None] = mapped_column(SmallInteger)
    content_type: Mapped[str | None] = mapped_column(Text)
    headers: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    body: Mapped[bytes | None] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime(timezone=True), index=True)
