"""The table of idempotency keys and the stored responses."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, LargeBinary, SmallInteger, Text
from sqlalchemy.orm import Mapped, mapped_column

from diptych.core.engine.entity import NOT_DUMPED, Base, UtcDateTime, binary_collated_string
from diptych.core.idempotency.rules import KEY_LENGTH


class IdempotencyKey(Base):
    """A key, the first request that used it, and the response to that request.

    The response is empty until the work is done; the row becomes visible to others only then, because both are written
    in one transaction.
    """

    __tablename__ = "idempotency_key"
    __table_args__ = ({"info": NOT_DUMPED},)

    key: Mapped[str] = mapped_column(binary_collated_string(KEY_LENGTH), primary_key=True)
    fingerprint: Mapped[bytes] = mapped_column(LargeBinary)
    status: Mapped[int | None] = mapped_column(SmallInteger)
    content_type: Mapped[str | None] = mapped_column(Text)
    headers: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    body: Mapped[bytes | None] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime(timezone=True), index=True)
