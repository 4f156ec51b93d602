"""Tags, and which books carry them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from diptych.core.catalogue.models import BookTag, Tag
from diptych.core.catalogue.tags import schemas
from diptych.core.engine.filters import any_of
from diptych.core.engine.resource_spec import ResourceSpec
from diptych.core.engine.row_statements import in_values

_columns = (Tag.id, Tag.name, Tag.description, Tag.created_at, Tag.updated_at)


def represent(row: Sequence[Any]) -> schemas.Tag:
    """A tag as answered, from a row of `spec.select`."""
    return schemas.Tag(*row)


OF_BOOKS = (
    select(BookTag.book_id, *_columns)
    .join(Tag, Tag.id == BookTag.tag_id)
    .where(in_values(BookTag.book_id))
    .order_by(Tag.sort_key, Tag.id)
)
"""book_id and the columns of each tag of the books whose ids are among row_statements.VALUES, by name."""


spec = ResourceSpec(
    model=Tag,
    select=select(*_columns),
    returning=_columns,
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
