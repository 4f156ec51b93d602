"""The tables of second factors and of recovery codes."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, LargeBinary, Text, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from diptych.core.access.encrypted_columns import ENCRYPTED
from diptych.core.engine.entity import NOT_DUMPED, Base, UtcDateTime, part_of_security
from diptych.core.engine.history_triggers import UNRECORDED


@part_of_security("second_factor", "account_id")
class SecondFactor(Base):
    """The second factor of an account. secret: of its codes, encrypted. last_step: of the last code that was accepted.

    confirmed_at: None until a code has shown that the account's owner has the secret; until then it does not count.
    """

    __tablename__ = "second_factor"
    __table_args__ = ({"info": dict(NOT_DUMPED)},)

    account_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("account.id", ondelete="CASCADE"), primary_key=True)
    secret: Mapped[str] = mapped_column(Text, info=ENCRYPTED | UNRECORDED)
    last_step: Mapped[int] = mapped_column(BigInteger, info=UNRECORDED)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime(timezone=True))
    confirmed_at: Mapped[datetime | None] = mapped_column(UtcDateTime(timezone=True))


class RecoveryCode(Base):
    """A recovery code that has not been used. digest: its SHA-256; the code itself is not stored."""

    __tablename__ = "recovery_code"
    __table_args__ = ({"info": NOT_DUMPED},)

    account_id: Mapped[UUID] = mapped_column(
        Uuid, ForeignKey("second_factor.account_id", ondelete="CASCADE"), primary_key=True
    )
    digest: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
