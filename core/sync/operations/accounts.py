# Generated from core/aio/operations/accounts.py by tools/unasync.py: do not edit, run "make twins".
"""Accounts: administrators manage them."""

from __future__ import annotations

from diptych.core.access.accounts.schemas import Account, AccountInput, AccountList
from diptych.core.http.operations import OperationRequest
from diptych.core.sync.operations import crud_operations
from diptych.core.sync.operations.crud_operations import Resource
from diptych.core.sync.services.accounts import AccountService


class AccountResource(Resource):
    """Accounts."""

    def update_needs_transaction(self, call: OperationRequest) -> bool:
        # Disabling one ends its sessions too.
        return call.body.active is False


resource = AccountResource(
    name="accounts", service=AccountService, schema=AccountInput, answer=Account, list_query=AccountList
)

operations = crud_operations.row_operations(resource, "accounts:manage")
