"""Statements that write one row, each made once.

Each of them looks for itself whether the rows that it refers to are there, and returns none where one is not: who
writes hears of it before a constraint would tell, and without another way to the database.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from sqlalchemy import Select, bindparam, case, delete, exists, insert, or_, select, update
from sqlalchemy.sql.dml import ReturningDelete, ReturningInsert, ReturningUpdate
from uuid_utils.compat import uuid7

from diptych.core.engine import slugs
from diptych.core.engine.entity import Record, now
from diptych.core.engine.resource_spec import Condition, Listing
from diptych.core.engine.row_statements import VALUE, is_value
from diptych.core.errors import Fault

Values = Mapping[str, Any]

_NEW = "new_"
_OTHER_SLUG = "other_slug"


def insertion(listing: Listing, values: Values) -> dict[str, Any]:
    """The parameters of `inserted`. A row that may have another's slug gets one with a suffix instead."""
    moment = now()
    row = {"id": uuid7(), "created_at": moment, "updated_at": moment, **listing.rules.derived(values)}
    found = {_NEW + column.name: row.get(column.name) for column in _table(listing).columns}
    if listing.slugged:
        slug = listing.rules.slug(row[listing.rules.named_by])
        found |= {f"{_NEW}slug": slug, _OTHER_SLUG: slugs.with_suffix(slug, slugs.token(uuid7()))}
    return found


@cache
def inserted(listing: Listing) -> ReturningInsert[Any]:
    """The statement that makes a row, and returns it as `listing.represent` takes it."""
    table = _table(listing)
    values: dict[str, Any] = {column.name: _new(column) for column in table.columns}
    if listing.slugged:
        other = table.alias()
        taken = exists(select(other.c.id).where(other.c.slug == _new(table.c.slug)))
        values["slug"] = case((taken, bindparam(_OTHER_SLUG, type_=table.c.slug.type)), else_=values["slug"])
    row = select(*values.values()).where(*_referring(listing, listing.references))
    return insert(table).from_select(list(values), row, include_defaults=False).returning(*listing.returning)


def alteration(listing: Listing, row_id: Any, values: Values) -> dict[str, Any]:
    """The parameters of `updated` for these values."""
    found = {_NEW + name: value for name, value in listing.rules.derived(values).items()}
    return {**found, f"{_NEW}updated_at": now(), VALUE: row_id}


@cache
def updated(listing: Listing, names: frozenset[str]) -> ReturningUpdate[Any]:
    """The statement that sets these columns of the row whose id is VALUE, and returns it as `inserted` does.

    A row that has these values already has not changed, and keeps the time when it did.
    """
    table = _table(listing)
    # In an order that does not depend on the process: it is one statement for PostgreSQL then.
    given = sorted(names)
    changes = {name: _new(table.c[name]) for name in given}
    if listing.rules.named_by in names:
        changes |= {name: _new(table.c[name]) for name in ("search_text", "sort_key")}
    different = or_(*(table.c[name].is_distinct_from(_new(table.c[name])) for name in given))
    changes["updated_at"] = case((different, _new(table.c.updated_at)), else_=table.c.updated_at)
    referring = _referring(listing, names & listing.references.keys())
    return update(table).where(is_value(table.c.id), *referring).values(changes).returning(*listing.returning)


@cache
def removed(model: type[Record]) -> ReturningDelete[Any]:
    """The statement that deletes the row whose id is VALUE, and returns the id."""
    table: Any = model.__table__
    return delete(table).where(is_value(table.c.id)).returning(table.c.id)


@cache
def locked(model: type[Record]) -> Select[Any]:
    """The id of the row whose id is VALUE, which is locked."""
    return select(model.id).where(is_value(model.id)).with_for_update()


def no_such(listing: Listing, path: tuple[str | int, ...]) -> Fault:
    """The fault of naming a row that is not there."""
    return Fault("not_found", f"there is no such {listing.noun}", path=path)


def _referring(listing: Listing, names: Any) -> list[Condition]:
    """That the rows are there that these columns name."""
    found: list[Condition] = []
    for name in sorted(names):
        other = _table(listing.references[name])
        found.append(exists(select(other.c.id).where(other.c.id == _new(_table(listing).c[name]))))
    return found


def _new(column: Any) -> Any:
    return bindparam(_NEW + column.name, type_=column.type)


def _table(listing: Listing) -> Any:
    return listing.model.__table__
