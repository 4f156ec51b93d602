"""Tables of other names: a row each, with the id of its owner and the name."""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlalchemy import Select, select

from diptych.core.engine.entity import Base
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
