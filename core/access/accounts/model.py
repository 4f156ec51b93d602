"""Accounts: the people and the services that have a role here."""

from __future__ import annotations

from sqlalchemy import Boolean, CheckConstraint, String
from sqlalchemy.orm import Mapped, mapped_column

from diptych.core.access.accounts.rules import NAME_MAX, account_name
from diptych.core.engine.derived_values import Rules
from diptych.core.engine.entity import NOT_DUMPED, Entity, SearchableMixin, part_of_security, with_list_indexes
from diptych.core.engine.history_triggers import UNRECORDED


@part_of_security("account", "id")
@with_list_indexes()
class Account(SearchableMixin, Entity):
    """An account. active: while this is false, its tokens are refused. password_hash: None without a password."""

    __tablename__ = "account"
    __table_args__ = (
        CheckConstraint("kind IN ('person', 'service')", name="kind"),
        CheckConstraint("role IN ('reader', 'editor', 'administrator')", name="role"),
        {"info": dict(NOT_DUMPED)},
    )
    rules = Rules(noun="account", named_by="name", normalizers={"name": account_name})

    name: Mapped[str] = mapped_column(String(NAME_MAX), unique=True)
    kind: Mapped[str] = mapped_column(String(10), default="person")
    role: Mapped[str] = mapped_column(String(20), default="reader")
    password_hash: Mapped[str | None] = mapped_column(String(255), info=UNRECORDED)
    active: Mapped[bool] = mapped_column(Boolean, default=True)
