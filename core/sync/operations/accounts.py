# Generated from core/aio/operations/accounts.py by tools/unasync.py: do not edit, run "make twins".
"""Accounts: administrators manage them."""

from __future__ import annotations

from diptych.core.access.accounts.schemas import Account, AccountInput, AccountList
from diptych.core.sync.operations import crud_operations
from diptych.core.sync.operations.crud_operations import Resource
from diptych.core.sync.services.accounts import AccountService

resource = Resource(
    name="accounts", service=AccountService, schema=AccountInput, answer=Account, list_query=AccountList
)

operations = crud_operations.row_operations(resource, "accounts:manage")
