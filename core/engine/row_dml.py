"""Statements that write one row, each made once.

Each of them looks for itself whether the rows that it refers to are there, and returns none where one is not: who
writes hears of it before a constraint would tell, and without another way to the database.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from sqlalchemy import Select, bindparam, case, delete, exists, insert, or_, select, update
from sqlalchemy.sql.dml import ReturningDelete, ReturningInsert, ReturningUpdate
from uuid_utils.compat import uuid7

from diptych.core.engine import slugs
from diptych.core.engine.entity import Entity, column_defaults, now
from diptych.core.engine.resource_spec import Condition, ResourceSpec
from diptych.core.engine.row_statements import VALUE, is_value
from diptych.core.errors import FieldError

Values = Mapping[str, Any]

_NEW = "new_"
_OTHER_SLUG = "other_slug"


def insert_parameters(spec: ResourceSpec, values: Values) -> dict[str, Any]:
    """The parameters of `insert_statement`. A row that may have another's slug gets one with a suffix instead."""
    moment = now()
    made = {"id": uuid7(), "created_at": moment, "updated_at": moment}
    row = {**column_defaults(spec.model), **made, **spec.rules.with_derived(values)}
    found = {_NEW + column.name: row.get(column.name) for column in _table(spec).columns}
    if spec.slugged:
        slug = spec.rules.slug(row[spec.rules.named_by])
        found |= {f"{_NEW}slug": slug, _OTHER_SLUG: slugs.with_suffix(slug, slugs.token(uuid7()))}
    return found


@cache
def insert_statement(spec: ResourceSpec) -> ReturningInsert[Any]:
    """The statement that makes a row, and returns it as `spec.represent` takes it."""
    table = _table(spec)
    values: dict[str, Any] = {column.name: _new(column) for column in table.columns}
    if spec.slugged:
        other = table.alias()
        taken = exists(select(other.c.id).where(other.c.slug == _new(table.c.slug)))
        values["slug"] = case((taken, bindparam(_OTHER_SLUG, type_=table.c.slug.type)), else_=values["slug"])
    row = select(*values.values()).where(*_referring(spec, spec.references))
    return insert(table).from_select(list(values), row, include_defaults=False).returning(*spec.returning)


def update_parameters(spec: ResourceSpec, row_id: Any, values: Values) -> dict[str, Any]:
    """The parameters of `update_statement` for these values."""
    found = {_NEW + name: value for name, value in spec.rules.with_derived(values).items()}
    return {**found, f"{_NEW}updated_at": now(), VALUE: row_id}


@cache
def update_statement(spec: ResourceSpec, names: frozenset[str]) -> ReturningUpdate[Any]:
    """The statement that sets these columns of the row whose id is VALUE, and returns it as `insert_statement` does.

    A row that has these values already has not changed, and keeps the time when it did.
    """
    table = _table(spec)
    # In an order that does not depend on the process: it is one statement for PostgreSQL then.
    given = sorted(names)
    changes = {name: _new(table.c[name]) for name in given}
    if spec.rules.named_by in names:
        changes |= {name: _new(table.c[name]) for name in ("search_text", "sort_key")}
    different = or_(*(table.c[name].is_distinct_from(_new(table.c[name])) for name in given))
    changes["updated_at"] = case((different, _new(table.c.updated_at)), else_=table.c.updated_at)
    referring = _referring(spec, names & spec.references.keys())
    return update(table).where(is_value(table.c.id), *referring).values(changes).returning(*spec.returning)


@cache
def delete_statement(model: type[Entity]) -> ReturningDelete[Any]:
    """The statement that deletes the row whose id is VALUE, and returns the id."""
    table: Any = model.__table__
    return delete(table).where(is_value(table.c.id)).returning(table.c.id)


@cache
def select_id_for_update(model: type[Entity]) -> Select[Any]:
    """The id of the row whose id is VALUE, which is locked."""
    return select(model.id).where(is_value(model.id)).with_for_update()


def missing_reference(model: type[Entity], path: tuple[str | int, ...]) -> FieldError:
    """Return the error of a foreign key that names no row of a model."""
    return FieldError("not_found", f"there is no such {model.rules.noun}", path=path)


def missing_references_detail(models: Iterable[type[Entity]]) -> str:
    """Say that rows of one of these models do not exist."""
    return f"There is no such {' or '.join(sorted({model.rules.noun for model in models}))}."


def _referring(spec: ResourceSpec, names: Any) -> list[Condition]:
    """Return the conditions that the rows exist which these foreign keys name."""
    found: list[Condition] = []
    for name in sorted(names):
        column, other = _table(spec).c[name], spec.references[name].__table__
        exist: Condition = exists(select(other.c.id).where(other.c.id == _new(column)))
        found.append(or_(_new(column).is_(None), exist) if column.nullable else exist)
    return found


def _new(column: Any) -> Any:
    return bindparam(_NEW + column.name, type_=column.type)


def _table(spec: ResourceSpec) -> Any:
    return spec.model.__table__
