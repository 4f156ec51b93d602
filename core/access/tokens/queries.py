"""How tokens are selected, searched, ordered and filtered, and how a request's token is found."""

from __future__ import annotations

from sqlalchemy import LargeBinary, bindparam, select, update

from diptych.core.access.accounts.model import Account
from diptych.core.access.accounts.schemas import AccountRef
from diptych.core.access.tokens import schemas
from diptych.core.access.tokens.model import ApiToken
from diptych.core.engine.resource_spec import EmbeddedRow, any_of, resource_spec
from diptych.core.engine.row_dml import delete_statement
from diptych.core.engine.row_statements import VALUE, is_value

spec = resource_spec(
    ApiToken,
    schemas.Token,
    embedded=[EmbeddedRow("account_id", Account, AccountRef)],
    scopes={"account": any_of(ApiToken.account_id)},
)

BY_DIGEST = (
    select(
        ApiToken.id,
        ApiToken.scope,
        ApiToken.expires_at,
        ApiToken.last_used_at,
        Account.id,
        Account.name,
        Account.role,
        Account.active,
    )
    .join(Account, Account.id == ApiToken.account_id)
    .where(ApiToken.digest == bindparam(VALUE, type_=LargeBinary))
)
"""A token and its account, by the digest VALUE."""

REVOKE = delete_statement(ApiToken).returning(ApiToken.account_id)
"""Delete a token as diptych.core.engine.row_dml.delete_statement does, and return its id and that of its account."""

_USED = {"last_used_at": bindparam("moment", type_=ApiToken.last_used_at.type), "updated_at": ApiToken.updated_at}

USED = update(ApiToken).where(is_value(ApiToken.id)).values(_USED)
"""Note that the token with the id VALUE has been used at `moment`."""
