"""How accounts are selected, searched, ordered and filtered."""

from __future__ import annotations

from sqlalchemy import select

from diptych.core.access.accounts import schemas
from diptych.core.access.accounts.model import Account
from diptych.core.engine.resource_spec import resource_spec

spec = resource_spec(Account, schemas.Account)

ANY = select(Account.id).limit(1)
"""Select the id of an account, if there is one."""
