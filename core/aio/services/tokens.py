"""Tokens of accounts."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from advanced_alchemy.repository import SQLAlchemyAsyncRepository
from msgspec.structs import asdict

from diptych.core.access.bearer_tokens import digest_of, new_token
from diptych.core.access.events.log import note_security_event
from diptych.core.access.tokens import queries
from diptych.core.access.tokens.model import ApiToken
from diptych.core.access.tokens.schemas import NewToken
from diptych.core.aio.services.resource_service import CatalogueService
from diptych.core.aio.services.row_reader import row_not_found
from diptych.core.aio.services.row_writer import Writer
from diptych.core.engine import row_dml


class TokenWriter(Writer):
    """Writes tokens."""

    async def issue(self, account_id: UUID, label: str, scope: str, expires_at: datetime | None) -> NewToken:
        """Create a token, and return it with the token itself. Errors: ValidationFailed for an unknown account."""
        token = new_token()
        values: dict[str, Any] = {
            "account_id": account_id,
            "label": label,
            "scope": scope,
            "expires_at": expires_at,
            "digest": digest_of(token),
            "last_four": token[-4:],
        }
        made = await self.add(values)
        note_security_event("token_created", account_id)
        return NewToken(**asdict(made), token=token)

    async def remove(self, item_id: UUID) -> None:
        """Revoke a token. Errors: NotFound."""
        gone = await self.executor.first(queries.REVOKE, row_dml.delete_parameters(item_id))
        if gone is None:
            raise row_not_found(self.spec)
        note_security_event("token_deleted", gone[1])


class TokenService(CatalogueService[ApiToken]):
    """Tokens; deleting one revokes it."""

    class Repo(SQLAlchemyAsyncRepository[ApiToken]):
        """The table of tokens."""

        model_type = ApiToken

    repository_type = Repo
    spec = queries.spec
    writer = TokenWriter
    match_fields = ["digest"]  # noqa: RUF012 - as the library declares it
