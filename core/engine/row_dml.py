"""Statements that write one row, each built once.

An INSERT or UPDATE checks that the rows its foreign keys name exist, and otherwise writes and returns no row. So a
missing one costs neither a constraint error nor a second round trip.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from sqlalchemy import Select, Text, bindparam, case, delete, exists, insert, or_, select, update
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.dml import ReturningDelete, ReturningInsert, ReturningUpdate
from sqlalchemy.sql.functions import GenericFunction
from sqlalchemy.types import Boolean
from uuid_utils.compat import uuid7

from diptych.core import attribution
from diptych.core.engine import slugs
from diptych.core.engine.entity import Entity, column_defaults, now
from diptych.core.engine.history_triggers import ATTRIBUTION
from diptych.core.engine.resource_spec import Condition, ResourceSpec
from diptych.core.engine.row_statements import VALUE, is_value
from diptych.core.errors import FieldError

Values = Mapping[str, Any]

_NEW = "new_"
_OTHER_SLUG = "other_slug"


class attributed_by(GenericFunction[bool]):  # noqa: N801 - an SQL function is named as SQL names them
    """attributed_by(text): true. On PostgreSQL it tells the triggers who makes this change.

    So a statement that is its own transaction needs no second one, which would be a round trip.
    """

    type = Boolean()
    inherit_cache = True


@compiles(attributed_by, "postgresql")
def _set_config(element: attributed_by, compiler: SQLCompiler, **options: Any) -> str:
    # PostgreSQL evaluates a subquery without a reference to the row once.
    return f"(SELECT set_config('{ATTRIBUTION}', {compiler.process(element.clauses, **options)}, true)) IS NOT NULL"


@compiles(attributed_by, "sqlite")
def _true(_element: attributed_by, _compiler: SQLCompiler, **_options: Any) -> str:
    # Its transactions tell it at their beginning.
    return "true"


_ATTRIBUTED = attributed_by(bindparam(attribution.PARAMETER, type_=Text))


def insert_parameters(spec: ResourceSpec, values: Values) -> dict[str, Any]:
    """Return the parameters of `insert_statement`, with a second slug in case the first is taken.

    Errors: ValidationFailed, if the values contradict each other.
    """
    moment = now()
    made = {"id": uuid7(), "created_at": moment, "updated_at": moment}
    row = {**column_defaults(spec.model), **made, **spec.rules.checked(values)}
    found = {_NEW + column.name: row.get(column.name) for column in _table(spec).columns} | attribution.parameters()
    if spec.slugged:
        slug = spec.rules.slug_of(row)
        found |= {f"{_NEW}slug": slug, _OTHER_SLUG: slugs.with_suffix(slug, slugs.token(uuid7()))}
    return found


@cache
def insert_statement(spec: ResourceSpec) -> ReturningInsert[Any]:
    """Return the statement that inserts a row, and returns it as `spec.represent` takes it."""
    table = _table(spec)
    values: dict[str, Any] = {column.name: _new(column) for column in table.columns}
    if spec.slugged:
        other = table.alias()
        taken = exists(select(other.c.id).where(other.c.slug == _new(table.c.slug)))
        values["slug"] = case((taken, bindparam(_OTHER_SLUG, type_=table.c.slug.type)), else_=values["slug"])
    row = select(*values.values()).where(_ATTRIBUTED, *_referring(spec, spec.references))
    return insert(table).from_select(list(values), row, include_defaults=False).returning(*spec.returning)


def update_parameters(row_id: Any, values: Values) -> dict[str, Any]:
    """Return the parameters of `update_statement` for these values, which include the derived ones."""
    found = {_NEW + name: value for name, value in values.items()}
    return {**found, f"{_NEW}updated_at": now(), VALUE: row_id, **attribution.parameters()}


@cache
def update_statement(spec: ResourceSpec, names: frozenset[str]) -> ReturningUpdate[Any]:
    """Return the statement that sets these columns of the row with the id VALUE, and returns it.

    It returns the row as `insert_statement` does. A row that already has these values keeps its `updated_at`.
    """
    table = _table(spec)
    # Sorted, so that every process has the same text: PostgreSQL then sees one statement.
    changes = {name: _new(table.c[name]) for name in sorted(names)}
    given = [name for name in changes if name not in ("search_text", "sort_key")]
    for reset, name in spec.rules.reset_by(names).items():
        kept = table.c[name].is_not_distinct_from(_new(table.c[name]))
        if agreement := spec.rules.agreements.get(reset):
            kept = or_(kept, agreement.condition(_new(table.c[name]), table.c[reset]))
        changes[reset] = case((kept, table.c[reset]), else_=None)
    different = or_(*(table.c[name].is_distinct_from(_new(table.c[name])) for name in given))
    changes["updated_at"] = case((different, _new(table.c.updated_at)), else_=table.c.updated_at)
    referring = _referring(spec, names & spec.references.keys())
    where = [is_value(table.c.id), _ATTRIBUTED, *referring]
    return update(table).where(*where).values(changes).returning(*spec.returning)


def delete_parameters(row_id: Any) -> dict[str, Any]:
    """Return the parameters of `delete_statement`."""
    return {VALUE: row_id, **attribution.parameters()}


@cache
def delete_statement(model: type[Entity]) -> ReturningDelete[Any]:
    """Return the statement that deletes the row with the id VALUE, and returns the id."""
    table: Any = model.__table__
    return delete(table).where(is_value(table.c.id), _ATTRIBUTED).returning(table.c.id)


@cache
def select_id_for_update(model: type[Entity]) -> Select[Any]:
    """Return the query that locks the row with the id VALUE, and selects its id."""
    return select(model.id).where(is_value(model.id)).with_for_update()


def missing_reference(model: type[Entity], path: tuple[str | int, ...]) -> FieldError:
    """Return the error of a foreign key without a target."""
    return FieldError("not_found", f"there is no such {model.rules.noun}", path=path)


def missing_references_detail(models: Iterable[type[Entity]]) -> str:
    """Say that rows of one of these models do not exist."""
    return f"There is no such {' or '.join(sorted({model.rules.noun for model in models}))}."


def _referring(spec: ResourceSpec, names: Any) -> list[Condition]:
    """Return the conditions that the targets of these foreign keys exist."""
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
