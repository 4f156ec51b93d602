"""Tokens, in and out."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta, Struct
from pydantic import AfterValidator, Field, model_validator

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


Label = Annotated[Line, Length(1, model.LABEL_MAX), SchemaMetadata("nightly import", line_pattern(model.LABEL_MAX))]


class TokenInput(Input):
    """A token to create."""

    label: Label
    account_id: Id | None = Field(None, description="The account of the token; by default that of the request.")
    scope: Scope = DEFAULT_SCOPE
    expires_at: Annotated[Instant, SchemaMetadata("2099-12-31T12:00:00Z")] | None = Field(
        None, description=f"When it expires; null: never. {DAYS} days from now, where it is left out."
    )


LIFETIMES = ("7", "30", "90", "365", "never")
"""How long a token can count, in days, on the form of the pages."""


class TokenForm(Input):
    """The form of a page to create a token: what the token is to be, and who one is."""

    label: Label
    scope: Scope
    days: Literal[LIFETIMES]  # type: ignore[valid-type]
    current_password: Annotated[Text, Field(max_length=4096)] = ""
    code: Annotated[Text, Field(max_length=100)] = ""

    @model_validator(mode="before")
    @classmethod
    def _scope_of_boxes(cls, given: dict[str, str]) -> dict[str, str]:
        """Return the fields with the scope of the boxes that are ticked, each named as `scope.catalogue:read` is."""
        ticked = [name.removeprefix("scope.") for name in given if name.startswith("scope.")]
        others = {name: value for name, value in given.items() if not name.startswith("scope.")}
        return {**others, "scope": " ".join(ticked)}


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
