"""Tables of other names: a row each, with the id of its owner and the name."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

from sqlalchemy import Select, select

from diptych.core.engine.entity import Base
from diptych.core.engine.nested_rows import NestedRows
from diptych.core.engine.resource_spec import ResourceSpec
from diptych.core.engine.row_statements import in_values


def owner_and_name(model: type[Base]) -> tuple[Any, Any]:
    """Return the two columns of a table of other names."""
    (owner,) = (column for column in model.__table__.columns if column.foreign_keys)
    return owner, model.__table__.columns["name"]


@cache
def names_of(model: type[Base]) -> Select[Any]:
    """Return the query for the id and the name of each other name of the rows with ids in VALUES, in order."""
    owner, name = owner_and_name(model)
    return select(owner, name).where(in_values(owner)).order_by(name)


@cache
def with_names(spec: ResourceSpec, model: type[Base]) -> ResourceSpec:
    """Return the spec of rows with their other names, which one statement reads: pairs of a row and its names."""
    owner, name = owner_and_name(model)
    names = NestedRows(select(name).where(owner == spec.model.id).order_by(name), spec.model)

    def represent(row: Any) -> tuple[Any, list[str]]:
        *own, text = row
        return spec.represent(own), [each for (each,) in names.read(text)]

    return replace(spec, select=spec.select.add_columns(names.column), represent=represent)
