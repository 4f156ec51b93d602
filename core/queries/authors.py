"""Authors."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select

from core.models import Author
from core.queries.listing import Listing
from core.schemas import authors as schemas


def represent(row: Sequence[Any]) -> schemas.Author:
    """An author as answered, from a row of `listing.select`."""
    return schemas.Author(*row)


def references(ids: Iterable[UUID]) -> Select[tuple[UUID, str, str]]:
    """id, name and slug of these authors."""
    return select(Author.id, Author.name, Author.slug).where(Author.id.in_(list(ids)))


listing = Listing(
    noun="author",
    model=Author,
    select=select(Author.id, Author.name, Author.dob, Author.slug, Author.created_at, Author.updated_at),
    represent=represent,
    search_exactly=Author.name,
    search_folded=Author.search_text,
    order_by={
        "created_at": Author.created_at,
        "updated_at": Author.updated_at,
        "name": Author.sort_key,
        "dob": Author.dob,
        "slug": Author.slug,
        "id": Author.id,
    },
    filters={},
)
