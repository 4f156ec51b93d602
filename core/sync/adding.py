# Generated from core/aio/adding.py by tools/twins.py: do not edit, run "make twins".
"""New rows by the hundred, for those who ask for nothing but their ids.

What decides is the services': the columns that are derived, and the slugs. But no instance is made of a row, nobody
keeps track of it, and whatever number there is of them is one statement.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session
from uuid_utils.compat import uuid7

from core.models import Base
from core.models.base import now
from core.queries import given
from core.rules import slugs
from core.sync.services.base import CatalogueService

Values = Mapping[str, Any]


def add(service: CatalogueService[Any], items: Sequence[Values]) -> list[UUID]:
    """Create rows of a resource; their ids, in order. Nobody has looked whether they may be: errors are the driver's.

    items: columns; those that are left out are made, or are null.
    """
    moment = now()
    made = {"created_at": moment, "updated_at": moment}
    rows = [service.to_model_on_create({"id": uuid7(), **made, **values}) for values in items]
    if service.slugged:
        _claim_slugs(service, [row for row in rows if "slug" not in row])
    put_in(service.session, service.model_type, rows)
    return [row["id"] for row in rows]


def put_in(session: Session, model: type[Base], rows: Sequence[Values]) -> None:
    """Insert rows as they are: columns that are left out are null."""
    if rows:
        dialect, table = session.get_bind().dialect, model.metadata.tables[model.__tablename__]
        session.execute(given.insertion(table, dialect.name), given.rows(table, dialect, rows))


def _claim_slugs(service: CatalogueService[Any], rows: Sequence[dict[str, Any]]) -> None:
    """As CatalogueService does for its own."""
    plain = [slugs.slug(row[service.named_by], fallback=service.listing.noun) for row in rows]
    column = service.model_type.slug
    used = set((service.session.execute(select(column).where(given.among(column)), given.texts(plain))).scalars())
    for row, slug in zip(rows, plain, strict=True):
        row["slug"] = slug if slug not in used else slugs.with_suffix(slug, slugs.token(uuid7()))
        used.add(row["slug"])
