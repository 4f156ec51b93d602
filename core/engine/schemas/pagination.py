"""What a list can be asked, and how it answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Generic, Literal, TypeVar

from msgspec import Meta, Struct
from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    create_model,
    field_validator,
    model_validator,
)
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

from diptych.core.engine import cursors, search_tokens
from diptych.core.engine.entity import Entity
from diptych.core.engine.schemas.base import Input, query_type
from diptych.core.engine.schemas.field_types import (
    Id,
    Instant,
    Length,
    Line,
    QueryCursor,
    QueryFlag,
    QueryInteger,
    ruled,
)

PAGE_SIZE = 20
PAGE_SIZE_LIMIT = 1000
OFFSET_LIMIT = 10_000
"""Rows that a page by number may skip: the database reads all of them. Cursors lead further at no cost."""

BEGINNING = 2
"""Characters of the beginning of a word, at least, where a character is not a syllable."""

RELEVANCE = "relevance"
"""The order of every list in which names that are to the point of a search come first."""


class Query(Input):
    """A query string: parameters in camelCase, each given once unless it is a list."""

    model_config = ConfigDict(alias_generator=to_camel, validate_by_name=False, validate_by_alias=True)


_ORDER_BY = "What the rows are ordered by; the id decides ties. Where q is given, relevance when it is left out."


def _check_beginnings(text: str) -> str:
    """Return the text of a search. Errors: ValueError for a beginning of one character, which most rows have."""
    if "*" in text and (short := [each for each in search_tokens.wanted(text).beginnings if _is_short(each)]):
        raise ValueError(f"{short[0]}* is too short: before the asterisk there are {BEGINNING} characters at least")
    return text


def _is_short(beginning: str) -> bool:
    return len(beginning) < BEGINNING and not search_tokens.SYLLABLE.fullmatch(beginning)


SearchWords = Annotated[Line, Length(0, 1000, searched=False), AfterValidator(ruled("beginning", _check_beginnings))]
"""What `q` takes."""


class FilterQuery(Query):
    """The parameters that select rows, named as advanced-alchemy's own providers name them."""

    ids: list[Id] | None = Field(None, description="Only these rows.")
    created_before: Instant | None = Field(None, description="Only what was created before this moment.")
    created_after: Instant | None = Field(None, description="Only what was created after this moment.")
    updated_before: Instant | None = Field(None, description="Only what was last changed before this moment.")
    updated_after: Instant | None = Field(None, description="Only what was last changed after this moment.")
    search_string: Annotated[Line, Length(0, 1000, searched=False)] | None = Field(
        None, description="Only rows with this in their name or title; accents do not count."
    )
    search_ignore_case: QueryFlag = Field(
        True, description="false: searchString is compared as it is, case and accents included."
    )
    q: SearchWords | None = Field(
        None,
        description="Only rows with all these words in their name or title, the best first; case and accents do not "
        "count. word* is any word that begins so, with two characters at least.",
    )


class PageQuery(Query):
    """The parameters of a page."""

    page_size: Annotated[int, Field(ge=1, le=PAGE_SIZE_LIMIT), QueryInteger] = Field(
        PAGE_SIZE, description="Rows on a page."
    )
    current_page: Annotated[int, Field(ge=1), QueryInteger] = Field(
        1,
        description=f"Which page, within the first {OFFSET_LIMIT:,} rows.",
        json_schema_extra={"maximum": OFFSET_LIMIT + 1},
    )
    cursor: QueryCursor | None = Field(
        None,
        description="Instead of currentPage: the rows after or before a page, which gave this as next or previous. "
        "Repeat all other parameters unchanged.",
    )
    total: QueryFlag = Field(True, description="false: do not count what matches, and answer null as total.")

    @field_validator("current_page")
    @classmethod
    def _within_reach(cls, number: int, info: ValidationInfo) -> int:
        if (number - 1) * info.data.get("page_size", 1) > OFFSET_LIMIT:
            reason = f"rows beyond the first {OFFSET_LIMIT:,} are read with cursor: each page has the next one's"
            raise PydanticCustomError("too_far", "{reason}", {"reason": reason})
        return number


class ListQuery(PageQuery, FilterQuery):
    """The parameters of every list in pages of rows that a client chooses the order of."""

    order_by: str = Field("created_at", description=_ORDER_BY)
    sort_order: Literal["asc", "desc"] = Field("desc", description="Up, or down. Rows without a value come last.")

    @model_validator(mode="before")
    @classmethod
    def _best_first(cls, given: dict[str, Any]) -> dict[str, Any]:
        return {"orderBy": RELEVANCE} | given if given.get("q", "").strip() else given


class FeedQuery(ListQuery):
    """The parameters of a feed. Its total is counted only on request."""

    total: QueryFlag = Field(False, description="true: say how many rows match.")


def list_query(
    name: str,
    model: type[Entity],
    schema: type[Input],
    filters: Mapping[str, Any] | None = None,
    base: type[ListQuery] = ListQuery,
) -> type[ListQuery]:
    """Return the parameters of a list: what `orderBy` can be, and `<field>In` and `<field>NotIn` for each filter.

    schema: the input of one row, which has the types of the values. filters: those by something else than a column,
    by name, with the type of one value.
    """
    orders: Any = (*model.orders(), RELEVANCE)
    own: dict[str, Any] = {"order_by": (Literal[orders], Field("created_at", description=_ORDER_BY))}
    return create_model(name, __base__=base, **own, **_filter_fields(model, schema, filters or {}))


def filter_query(
    name: str,
    model: type[Entity],
    schema: type[Input],
    filters: Mapping[str, Any] | None = None,
    base: type[FilterQuery] = FilterQuery,
) -> type[FilterQuery]:
    """Return the parameters that select rows, in no pages. schema, filters: as in `list_query`."""
    return create_model(name, __base__=base, **_filter_fields(model, schema, filters or {}))


def _filter_fields(model: type[Entity], schema: type[Input], filters: Mapping[str, Any]) -> dict[str, Any]:
    """Return `<field>In` and `<field>NotIn` for each filter."""
    own: dict[str, Any] = {}
    kinds = {field: query_type(schema, field) for field in model.filterable()} | dict(filters)
    for field, kind in kinds.items():
        given = list[kind] | None  # type: ignore[valid-type]
        own[f"{field}_in"] = (given, Field(None, description=f"Only rows with one of these as {field}."))
        own[f"{field}_not_in"] = (given, Field(None, description=f"Only rows with none of these as {field}."))
    return own


CursorOut = Annotated[str, Meta(max_length=cursors.LENGTH)]

ItemT = TypeVar("ItemT")


class Page(Struct, Generic[ItemT], frozen=True):
    """One page of a list.

    total counts every match, not only those on the page; null when it was not to be counted. next and previous are the
    cursors of the rows after and before these, as far as there are any. offset is null where a cursor was given.
    """

    items: list[ItemT]
    limit: Annotated[int, Meta(examples=[PAGE_SIZE])]
    offset: Annotated[int, Meta(examples=[0])] | None
    total: Annotated[int, Meta(examples=[1])] | None
    next: CursorOut | None
    previous: CursorOut | None


class Items(Struct, Generic[ItemT], frozen=True):
    """A list that is answered whole."""

    items: list[ItemT]


class Upserted(Struct, Generic[ItemT], frozen=True):
    """What an upsert did, with the rows as they are now, in the order they were sent."""

    items: list[ItemT]
    created: Annotated[int, Meta(examples=[1])]
    updated: Annotated[int, Meta(examples=[0])]
    unchanged: Annotated[int, Meta(examples=[0])]


def _split(value: list[str]) -> list[str]:
    return [part for text in value for part in text.split(",")]


separated_by_commas = BeforeValidator(_split)
"""For a list that is written `include=tags,contributors`."""
