"""The table of jobs."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import JSON, BigInteger, CheckConstraint, Index, Integer, String, Text, Uuid, text
from sqlalchemy.orm import Mapped, mapped_column
from uuid_utils.compat import uuid7

from diptych.core.engine.derived_values import Rules
from diptych.core.engine.entity import NOT_DUMPED, Base, UtcDateTime
from diptych.core.jobs.rules import STATES, TYPE_LENGTH

# Not JSONB, which has an order of its own: both databases answer the same.
_JSON = JSON(none_as_null=True)
_UNFINISHED = text("available_at IS NOT NULL")
_FINISHED = text("finished_at IS NOT NULL")


class Job(Base):
    """A job, how far it is, and whose it is.

    available_at: from when a worker may take it: at once, after a pause, or when the lease of its worker ends; null
    when it has ended. lease: of the worker that has it, another one each time. attempts: how often a worker has taken
    it since its last batch. principal, name, via, request_id: of the request that asked for it; its changes are
    attributed to them.
    """

    __tablename__ = "job"
    __table_args__ = (
        CheckConstraint(f"state IN {STATES}", name="state"),
        Index("ix_job_available_at", "available_at", postgresql_where=_UNFINISHED, sqlite_where=_UNFINISHED),
        Index("ix_job_finished_at", "finished_at", postgresql_where=_FINISHED, sqlite_where=_FINISHED),
        Index("ix_job_principal_id", "principal", "id"),
        {"info": NOT_DUMPED},
    )
    rules: ClassVar = Rules(noun="job", named_by="type", normalizers={})

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, default=uuid7)
    type: Mapped[str] = mapped_column(String(TYPE_LENGTH))
    parameters: Mapped[dict[str, Any]] = mapped_column(_JSON)
    state: Mapped[str] = mapped_column(String(10))
    principal: Mapped[str | None] = mapped_column(Text)
    name: Mapped[str | None] = mapped_column(Text)
    via: Mapped[str] = mapped_column(Text)
    request_id: Mapped[str | None] = mapped_column(Text)
    attempts: Mapped[int] = mapped_column(Integer)
    lease: Mapped[UUID | None] = mapped_column(Uuid)
    available_at: Mapped[datetime | None] = mapped_column(UtcDateTime(timezone=True))
    position: Mapped[Any | None] = mapped_column(_JSON)
    done: Mapped[int] = mapped_column(BigInteger)
    total: Mapped[int | None] = mapped_column(BigInteger)
    counts: Mapped[dict[str, int]] = mapped_column(_JSON)
    error: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime(timezone=True))
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime(timezone=True))
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime(timezone=True))
