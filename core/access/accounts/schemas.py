"""Accounts, in and out."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta, Struct
from pydantic import AfterValidator, Field, Strict

from diptych.core.access.accounts import model, rules
from diptych.core.access.permissions import AccountRole
from diptych.core.engine.schemas.base import Input
from diptych.core.engine.schemas.field_types import SchemaMetadata, Text, UtcTimestamp, ruled
from diptych.core.engine.schemas.pagination import list_query

Kind = Literal["person", "service"]

AccountName = Annotated[
    Text,
    AfterValidator(ruled("account_name", rules.account_name)),
    SchemaMetadata("tove", rules.NAME_PATTERN, "It is kept in lower case.", max_length=rules.NAME_MAX),
]


class AccountInput(Input):
    """An account to create."""

    name: AccountName
    kind: Kind = "person"
    role: AccountRole = "reader"
    active: Annotated[bool, Strict()] = Field(True, description="false: its tokens are refused.")


class AccountRef(Struct, frozen=True):
    """An account, where another resource names it."""

    id: UUID
    name: Annotated[str, Meta(examples=["tove"], max_length=rules.NAME_MAX)]


class Account(Struct, frozen=True):
    """An account as answered."""

    id: UUID
    name: Annotated[str, Meta(examples=["tove"], max_length=rules.NAME_MAX)]
    kind: Kind
    role: AccountRole
    active: bool
    created_at: UtcTimestamp
    updated_at: UtcTimestamp


AccountList = list_query("AccountList", model.Account, AccountInput)
