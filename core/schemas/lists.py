"""What a list can be asked, and how it answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict, Field, create_model
from pydantic.alias_generators import to_camel

from core.schemas.base import Input
from core.schemas.types import Id, Instant, Length, Line, WrittenFlag, WrittenInteger

PAGE_SIZE = 20
PAGE_SIZE_LIMIT = 1000
PAGE_LIMIT = 1_000_000


class Query(Input):
    """A query string: parameters in camelCase, each given once unless it is a list."""

    model_config = ConfigDict(alias_generator=to_camel, validate_by_name=False, validate_by_alias=True)


class ListQuery(Query):
    """The parameters of every list, named as advanced-alchemy's own providers name them."""

    ids: list[Id] | None = None
    created_before: Instant | None = None
    created_after: Instant | None = None
    updated_before: Instant | None = None
    updated_after: Instant | None = None
    current_page: Annotated[int, WrittenInteger, Field(ge=1, le=PAGE_LIMIT)] = 1
    page_size: Annotated[int, WrittenInteger, Field(ge=1, le=PAGE_SIZE_LIMIT)] = PAGE_SIZE
    search_string: Annotated[Line, Length(0, 1000)] | None = None
    search_ignore_case: WrittenFlag = True
    order_by: str = "created_at"
    sort_order: Literal["asc", "desc"] = "desc"


def list_query(
    name: str, order_by: tuple[str, ...], filters: Mapping[str, Any], base: type[ListQuery] = ListQuery
) -> type[ListQuery]:
    """A list's own parameters: its whitelist for `orderBy`, and `<field>In` and `<field>NotIn` for each filter.

    filters: field name -> type of one value.
    """
    own: dict[str, Any] = {"order_by": (Literal[order_by], "created_at")}
    for field, kind in filters.items():
        own[f"{field}_in"] = own[f"{field}_not_in"] = (list[kind] | None, None)  # type: ignore[valid-type]
    return create_model(name, __base__=base, **own)


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list: `total` counts every match, not only those on the page."""

    items: list[Any]
    limit: int
    offset: int
    total: int


@dataclass(frozen=True, slots=True)
class Items:
    """A list that is answered whole."""

    items: list[Any]


@dataclass(frozen=True, slots=True)
class Upserted:
    """What an upsert did, with the rows as they are now, in the order they were sent."""

    items: list[Any]
    created: int
    updated: int
    unchanged: int


def _split(value: list[str]) -> list[str]:
    return [part for text in value for part in text.split(",")]


separated_by_commas = BeforeValidator(_split)
"""For a list that is written `include=tags,contributors`."""
