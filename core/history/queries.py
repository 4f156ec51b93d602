"""How changes are selected, filtered and ordered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec.structs import fields
from sqlalchemy import Select, bindparam, select

from diptych.core.engine.resource_spec import Condition, ResourceSpec, any_of
from diptych.core.engine.row_statements import VALUE
from diptych.core.history import schemas
from diptych.core.history.model import Change

_COLUMNS = [getattr(Change, each.name) for each in fields(schemas.Change)]
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
