# Generated from core/aio/services/accounts.py by tools/unasync.py: do not edit, run "make twins".
"""Accounts."""

from __future__ import annotations

from advanced_alchemy.repository import SQLAlchemySyncRepository

from diptych.core.access.accounts import queries
from diptych.core.access.accounts.model import Account
from diptych.core.sync.services.resource_service import CatalogueService


class AccountService(CatalogueService[Account]):
    """Accounts; with one, its tokens are deleted."""

    class Repo(SQLAlchemySyncRepository[Account]):
        """The account table."""

        model_type = Account

    repository_type = Repo
    spec = queries.spec
    match_fields = ["name"]  # noqa: RUF012 - as the library declares it
