# Generated from core/aio/services/accounts.py by tools/unasync.py: do not edit, run "make twins".
"""Accounts."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from advanced_alchemy.repository import SQLAlchemySyncRepository

from diptych.core.access.accounts import queries
from diptych.core.access.accounts.model import Account
from diptych.core.access.events.log import note_security_event
from diptych.core.access.sessions.queries import END_ALL
from diptych.core.engine.entity import now
from diptych.core.engine.row_statements import VALUE
from diptych.core.sync.services.resource_service import BatchIndexes, CatalogueService
from diptych.core.sync.services.row_writer import Values, Writer


class AccountWriter(Writer):
    """Writes accounts. Disabling one ends its sessions, which enabling it does not bring back."""

    def add(self, values: Values, item_id: UUID | None = None) -> Any:
        """Create an account. Errors: ValidationFailed, Conflict."""
        made = super().add(values, item_id)
        note_security_event("account_created", made.id)
        return made

    def remove(self, item_id: UUID) -> None:
        """Delete an account with its tokens. Errors: NotFound."""
        super().remove(item_id)
        note_security_event("account_deleted", item_id)

    def apply_changes(self, item_id: UUID, values: Values) -> Any | None:
        """Set columns of an account, in a transaction if it is disabled; return None if it does not exist."""
        moment = now()
        changed = super().apply_changes(item_id, values)
        if changed is not None and changed.updated_at >= moment:
            note_security_event("account_changed", item_id)
        if values.get("active") is False:
            self.executor.run(END_ALL, {VALUE: item_id})
        return changed


class AccountService(CatalogueService[Account]):
    """Accounts; with one, its tokens are deleted. Disabling one ends its sessions."""

    class Repo(SQLAlchemySyncRepository[Account]):
        """The account table."""

        model_type = Account

    repository_type = Repo
    spec = queries.spec
    writer = AccountWriter
    match_fields = ["name"]  # noqa: RUF012 - as the library declares it

    def set_columns(
        self,
        rows: Sequence[Account],
        changes: Sequence[Values],
        places: BatchIndexes = None,
        *,
        matched: Collection[str] = (),
    ) -> int:
        """Set columns, end the sessions of accounts that are disabled, and flush; return how many accounts changed."""
        changed = super().set_columns(rows, changes, places, matched=matched)
        for row in rows:
            if not row.active:
                self.session.execute(END_ALL, {VALUE: row.id})
        return changed
