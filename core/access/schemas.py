"""Who the sender of a request is, as answered."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from diptych.core.access.permissions import AccountRole
from diptych.core.engine.schemas.field_types import UtcTimestamp


class Me(Struct, frozen=True):
    """A principal. token_id, expires_at: of the token that was sent; null where the host knows the user.

    second_factor: whether the account needs a code to sign in with its password; null for a user of the host.
    """

    id: UUID
    name: Annotated[str, Meta(examples=["tove"])]
    role: AccountRole
    permissions: list[str]
    token_id: UUID | None
    expires_at: UtcTimestamp | None
    second_factor: bool | None
