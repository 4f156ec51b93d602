"""Accounts."""

from __future__ import annotations

from advanced_alchemy.repository import SQLAlchemyAsyncRepository

from diptych.core.access.accounts import queries
from diptych.core.access.accounts.model import Account
from diptych.core.aio.services.resource_service import CatalogueService


class AccountService(CatalogueService[Account]):
    """Accounts; with one, its tokens are deleted."""

    class Repo(SQLAlchemyAsyncRepository[Account]):
        """The account table."""

        model_type = Account

    repository_type = Repo
    spec = queries.spec
    match_fields = ["name"]  # noqa: RUF012 - as the library declares it
