"""How accounts are selected, searched, ordered and filtered."""

from __future__ import annotations

from diptych.core.access.accounts import schemas
from diptych.core.access.accounts.model import Account
from diptych.core.engine.resource_spec import resource_spec

spec = resource_spec(Account, schemas.Account)
