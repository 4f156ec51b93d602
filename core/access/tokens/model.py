"""Tokens: what programs send instead of a name and a password."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from diptych.core.access.permissions import parse_scope
from diptych.core.engine.derived_values import Rules
from diptych.core.engine.entity import (
    NOT_DUMPED,
    Entity,
    SearchableMixin,
    UtcDateTime,
    part_of_security,
    with_list_indexes,
)
from diptych.core.engine.history_triggers import UNRECORDED
from diptych.core.engine.text_normalization import line

LABEL_MAX = 100
SCOPE_MAX = 255


@part_of_security("token", "account_id")
@with_list_indexes()
class ApiToken(SearchableMixin, Entity):
    """A token of an account; to revoke one is to delete it.

    digest: the SHA-256 of the token, which itself is not stored. last_four: its last characters, by which people
    recognize it. scope: as diptych.core.access.permissions.parse_scope writes it. last_used_at: within ten minutes.
    """

    __tablename__ = "api_token"
    __table_args__ = (Index("uq_api_token_digest", "digest", unique=True), {"info": dict(NOT_DUMPED)})
    rules = Rules(noun="token", named_by="label", normalizers={"label": line(LABEL_MAX), "scope": parse_scope})

    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"), index=True)
    label: Mapped[str] = mapped_column(String(LABEL_MAX))
    digest: Mapped[bytes] = mapped_column(LargeBinary(32), info=UNRECORDED)
    last_four: Mapped[str] = mapped_column(String(4))
    scope: Mapped[str] = mapped_column(String(SCOPE_MAX))
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime(timezone=True))
    last_used_at: Mapped[datetime | None] = mapped_column(UtcDateTime(timezone=True), info=UNRECORDED)
