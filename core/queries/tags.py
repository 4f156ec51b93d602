"""Tags, and which books carry them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select

from core.models import BookTag, Tag
from core.queries.listing import Listing, any_of
from core.schemas import tags as schemas

_columns = (Tag.id, Tag.name, Tag.description, Tag.created_at, Tag.updated_at)


def represent(row: Sequence[Any]) -> schemas.Tag:
    """A tag as answered, from a row of `listing.select`."""
    return schemas.Tag(*row)


def of_books(book_ids: Iterable[UUID]) -> Select[Any]:
    """book_id and the columns of each tag of these books, by name."""
    return (
        select(BookTag.book_id, *_columns)
        .join(Tag, Tag.id == BookTag.tag_id)
        .where(BookTag.book_id.in_(list(book_ids)))
        .order_by(Tag.sort_key, Tag.id)
    )


listing = Listing(
    noun="tag",
    model=Tag,
    select=select(*_columns),
    represent=represent,
    search_exactly=Tag.name,
    search_folded=Tag.search_text,
    order_by={
        "created_at": Tag.created_at,
        "updated_at": Tag.updated_at,
        "name": Tag.sort_key,
        "id": Tag.id,
    },
    filters={"name": any_of(Tag.name)},
)
