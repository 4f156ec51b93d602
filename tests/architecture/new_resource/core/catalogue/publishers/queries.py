"""Publishers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from diptych.core.catalogue.publishers import schemas
from diptych.core.catalogue.publishers.model import Publisher
from diptych.core.engine.filters import any_of
from diptych.core.engine.resource_spec import ResourceSpec


def represent(row: Sequence[Any]) -> schemas.Publisher:
    """A publisher as answered, from a row of `spec.select`."""
    return schemas.Publisher(*row)


_columns = (
    Publisher.id,
    Publisher.name,
    Publisher.founded,
    Publisher.slug,
    Publisher.created_at,
    Publisher.updated_at,
)

spec = ResourceSpec(
    model=Publisher,
    select=select(*_columns),
    returning=_columns,
    represent=represent,
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
