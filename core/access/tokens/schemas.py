"""Tokens, in and out."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct
from pydantic import AfterValidator, Field

from diptych.core.access.accounts.schemas import AccountRef
from diptych.core.access.permissions import DEFAULT_SCOPE, SCOPES, parse_scope
from diptych.core.access.tokens import model
from diptych.core.engine.schemas.base import Input
from diptych.core.engine.schemas.field_types import (
    Id,
    Instant,
    Length,
    Line,
    SchemaMetadata,
    Text,
    UtcTimestamp,
    line_pattern,
    ruled,
)
from diptych.core.engine.schemas.pagination import list_query

DAYS = 90
"""Days until a token expires, unless its input says when."""

_ONE_SCOPE = "|".join(SCOPES)

Scope = Annotated[
    Text,
    AfterValidator(ruled("scope", parse_scope)),
    SchemaMetadata(
        DEFAULT_SCOPE,
        rf"^\s*({_ONE_SCOPE})(\s+({_ONE_SCOPE}))*\s*$",
        f"What the token allows, of what its account may do: one or more of {', '.join(SCOPES)}, separated by spaces.",
        max_length=model.SCOPE_MAX,
    ),
]


class TokenInput(Input):
    """A token to create."""

    label: Annotated[Line, Length(1, model.LABEL_MAX), SchemaMetadata("nightly import", line_pattern(model.LABEL_MAX))]
    account_id: Id | None = Field(None, description="The account of the token; by default that of the request.")
    scope: Scope = DEFAULT_SCOPE
    expires_at: Annotated[Instant, SchemaMetadata("2099-12-31T12:00:00Z")] | None = Field(
        None, description=f"When it expires; null: never. {DAYS} days from now, where it is left out."
    )


class Token(Struct, frozen=True):
    """A token as answered: the token itself is shown once, when it is created."""

    id: UUID
    label: Annotated[str, Meta(examples=["nightly import"], max_length=model.LABEL_MAX)]
    last_four: Annotated[str, Meta(examples=["9xQf"], max_length=4)]
    scope: Annotated[str, Meta(examples=[DEFAULT_SCOPE], max_length=model.SCOPE_MAX)]
    expires_at: UtcTimestamp | None
    last_used_at: UtcTimestamp | None
    created_at: UtcTimestamp
    updated_at: UtcTimestamp
    account: AccountRef


class NewToken(Token, frozen=True):
    """A token that was created, with the token itself."""

    token: Annotated[str, Meta(description="The token. It is not stored, and cannot be shown again.")]


TokenList = list_query("TokenList", model.ApiToken, TokenInput)
