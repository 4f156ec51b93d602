"""Accounts: administrators manage them."""

from __future__ import annotations

from diptych.core.access.accounts.schemas import Account, AccountInput, AccountList
from diptych.core.aio.operations import crud_operations
from diptych.core.aio.operations.crud_operations import Resource
from diptych.core.aio.services.accounts import AccountService
from diptych.core.http.operations import OperationRequest


class AccountResource(Resource):
    """Accounts."""

    def update_needs_transaction(self, call: OperationRequest) -> bool:
        # Disabling one ends its sessions too.
        return call.body.active is False


resource = AccountResource(
    name="accounts", service=AccountService, schema=AccountInput, answer=Account, list_query=AccountList
)

operations = crud_operations.row_operations(resource, "accounts:manage")
