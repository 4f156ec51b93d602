"""The tables of sessions and of attempts to sign in."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, LargeBinary, Uuid
from sqlalchemy.orm import Mapped, mapped_column
from uuid_utils.compat import uuid7

from diptych.core.engine.entity import NOT_DUMPED, Base, UtcDateTime, binary_collated_string

SUBJECT_LENGTH = 64


class BrowserSession(Base):
    """A person who has signed in. digest: the SHA-256 of the cookie's value, which itself is not stored.

    seen_at: of the last request, within five minutes.
    """

    __tablename__ = "browser_session"
    __table_args__ = (Index("uq_browser_session_digest", "digest", unique=True), {"info": NOT_DUMPED})

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, default=uuid7)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"), index=True)
    digest: Mapped[bytes] = mapped_column(LargeBinary(32))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime(timezone=True), index=True)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime(timezone=True))


class SignInAttempt(Base):
    """An attempt to sign in that has not succeeded. account, client: digests, as people type passwords for names."""

    __tablename__ = "sign_in_attempt"
    __table_args__ = (
        Index("ix_sign_in_attempt_account_at", "account", "at"),
        Index("ix_sign_in_attempt_client_at", "client", "at"),
        {"info": NOT_DUMPED},
    )

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, default=uuid7)
    account: Mapped[str] = mapped_column(binary_collated_string(SUBJECT_LENGTH))
    client: Mapped[str] = mapped_column(binary_collated_string(SUBJECT_LENGTH))
    at: Mapped[datetime] = mapped_column(UtcDateTime(timezone=True), index=True)
