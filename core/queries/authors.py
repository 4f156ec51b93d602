"""Authors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from diptych.core.models import Author
from diptych.core.queries.listing import Listing
from diptych.core.queries.rows import among_values
from diptych.core.schemas import authors as schemas


def represent(row: Sequence[Any]) -> schemas.Author:
    """An author as answered, from a row of `listing.select`."""
    return schemas.Author(*row)


REFERENCES = select(Author.id, Author.name, Author.slug).where(among_values(Author.id))
"""id, name and slug of the authors whose ids are among diptych.core.queries.rows.VALUES."""


_columns = (Author.id, Author.name, Author.dob, Author.slug, Author.created_at, Author.updated_at)

listing = Listing(
    noun="author",
    model=Author,
    select=select(*_columns),
    returning=_columns,
    represent=represent,
    named_by="name",
    slugged=True,
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
