"""How changes are selected, filtered and ordered."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec.structs import fields
from sqlalchemy import Dialect, LargeBinary, Select, bindparam, select, type_coerce
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction
from sqlalchemy.types import TypeDecorator, TypeEngine

from diptych.core.engine.resource_spec import Condition, ResourceSpec, any_of
from diptych.core.engine.row_statements import VALUE
from diptych.core.history import schemas
from diptych.core.history.model import Change


class stored_as(GenericFunction[Any]):  # noqa: N801 - an SQL function is named as SQL names them
    """stored_as(state): a state as it is stored. SQLite stores any bytes as text, and its driver decodes only UTF-8."""

    inherit_cache = True


@compiles(stored_as)
def _column(element: stored_as, compiler: SQLCompiler, **options: Any) -> str:
    return compiler.process(element.clauses, **options)


@compiles(stored_as, "sqlite")
def _bytes(element: stored_as, compiler: SQLCompiler, **options: Any) -> str:
    return f"CAST({compiler.process(element.clauses, **options)} AS BLOB)"


class AnyState(TypeDecorator[Any]):
    """A state that can be shown, whatever other programs have written into the row.

    Else one entry, which nobody can mend, would close all pages that it is on.
    """

    impl = JSONB
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return the type that a dialect stores."""
        return dialect.type_descriptor(LargeBinary() if dialect.name == "sqlite" else JSONB(none_as_null=True))

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        """Return a state as Python has JSON; what is no JSON as text, under one name."""
        if value is None or dialect.name != "sqlite":
            return value
        text = value.decode(errors="replace")
        try:
            return json.loads(text)
        except ValueError:
            return {"unreadable": text}


def _shown(name: str) -> Any:
    column = getattr(Change, name)
    if name not in ("before", "after"):
        return column
    return type_coerce(stored_as(column), AnyState()).label(name)


_COLUMNS = [_shown(each.name) for each in fields(schemas.Change)]
_RESOURCE = [each.key for each in _COLUMNS].index("resource")


def _made_before(name: str) -> Condition:
    found: Condition = Change.at < bindparam(name, type_=Change.at.type)
    return found


def _made_after(name: str) -> Condition:
    found: Condition = Change.at > bindparam(name, type_=Change.at.type)
    return found


def spec(resources: Mapping[str, str]) -> ResourceSpec:
    """Return the description of changes. resources: by table, the name of the resource whose rows it has."""

    def represent(row: Sequence[Any]) -> schemas.Change:
        values = [*row]
        values[_RESOURCE] = resources.get(values[_RESOURCE], values[_RESOURCE])
        return schemas.Change(*values)

    model: Any = Change
    return ResourceSpec(
        model=model,
        columns=tuple(each.key for each in _COLUMNS),
        select=select(*_COLUMNS),
        returning=_COLUMNS,
        represent=represent,
        search_exactly=None,
        search_folded=None,
        order_by={"id": Change.id, "at": Change.at},
        filters={},
        scopes={
            "table_in": any_of(Change.resource),
            "row": lambda name: Change.resource_id == bindparam(name, type_=Change.resource_id.type),
            "principal_in": any_of(Change.principal),
            "via_in": any_of(Change.via),
            "action_in": any_of(Change.action),
            "request_id_in": any_of(Change.request_id),
            "before": _made_before,
            "after": _made_after,
        },
    )


ANY_OF_ROW: Select[Any] = (
    select(Change.id).where(Change.resource_id == bindparam(VALUE, type_=Change.resource_id.type)).limit(1)
)
"""Select the id of a change of the row with the id VALUE, if there is one."""
