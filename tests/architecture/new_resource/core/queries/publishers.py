"""Publishers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from diptych.core.models.publisher import Publisher
from diptych.core.queries.listing import Listing, any_of
from diptych.core.schemas import publishers as schemas


def represent(row: Sequence[Any]) -> schemas.Publisher:
    """A publisher as answered, from a row of `listing.select`."""
    return schemas.Publisher(*row)


_columns = (
    Publisher.id,
    Publisher.name,
    Publisher.founded,
    Publisher.slug,
    Publisher.created_at,
    Publisher.updated_at,
)

listing = Listing(
    noun="publisher",
    model=Publisher,
    select=select(*_columns),
    returning=_columns,
    represent=represent,
    named_by="name",
    slugged=True,
    search_exactly=Publisher.name,
    search_folded=Publisher.search_text,
    order_by={
        "created_at": Publisher.created_at,
        "updated_at": Publisher.updated_at,
        "name": Publisher.sort_key,
        "founded": Publisher.founded,
        "slug": Publisher.slug,
        "id": Publisher.id,
    },
    filters={"name": any_of(Publisher.name)},
)
