"""How authors are selected, searched, ordered and filtered."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from diptych.core.catalogue.authors import schemas
from diptych.core.catalogue.models import Author
from diptych.core.engine.resource_spec import ResourceSpec
from diptych.core.engine.row_statements import in_values


def represent(row: Sequence[Any]) -> schemas.Author:
    """An author as answered, from a row of `spec.select`."""
    return schemas.Author(*row)


REFERENCES = select(Author.id, Author.name, Author.slug).where(in_values(Author.id))
"""id, name and slug of the authors whose ids are among diptych.core.engine.row_statements.VALUES."""


_columns = (Author.id, Author.name, Author.dob, Author.slug, Author.created_at, Author.updated_at)

spec = ResourceSpec(
    model=Author,
    select=select(*_columns),
    returning=_columns,
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
