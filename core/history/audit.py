"""`include=audit`: who created a row, and who changed it last, as the history tells it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Annotated, Any, Literal, get_args
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType, defstruct
from msgspec.structs import astuple, fields
from pydantic import Field, create_model
from sqlalchemy import Select, case, literal_column, select, true
from sqlalchemy.orm import aliased

from diptych.core.access.permissions import Permission
from diptych.core.engine.entity import Entity
from diptych.core.engine.row_statements import in_values
from diptych.core.engine.schemas.base import OPTIONAL_MEMBERS
from diptych.core.engine.schemas.pagination import Query, separated_by_commas
from diptych.core.history.model import Change
from diptych.core.history.schemas import ACTIONS, Attribution

AUDIT = "audit"
"""The word of `include`."""

CREATE = ACTIONS[0]

PERMISSION: Permission = "history:read"

_ABOUT = f"{AUDIT}: who created a row and who changed it last, which needs {PERMISSION}."

_Audit = tuple[Attribution | None, Attribution | None]
"""Who created a row, and who changed it last; None where that is not known."""


# The query


def asks(query: Any) -> bool:
    """Return whether a query, which is None for formats that take none, asks for it."""
    return query is not None and AUDIT in query.include


def permission_of(query: Any) -> Permission | None:
    """Return what a client needs for a query, besides what it needs without one."""
    return PERMISSION if asks(query) else None


def without(query: Any) -> Any:
    """Return a query that asks for everything else."""
    return query.model_copy(update={"include": [word for word in query.include if word != AUDIT]})


def query_with_audit(query: type[Query]) -> type[Query]:
    """Return the parameters of a query, with one more word for `include`, or with an `include` of one word."""
    known = query.model_fields.get("include")
    words: Any = (*(get_args(get_args(known.annotation)[0]) if known else ()), AUDIT)
    described = f"{known.description} {_ABOUT}" if known else f"What is not in the answer otherwise. {_ABOUT}"
    kind: Any = Annotated[list[Literal[words]], separated_by_commas]  # type: ignore[valid-type]
    include: Any = (kind, Field(default_factory=list, description=described))
    return create_model(f"{query.__name__}WithAudit", __base__=query, include=include)


# The answer


@cache
def answer_with_audit(answer: type[Struct]) -> type[Struct]:
    """Return the type of an answer with the members `created_by` and `updated_by`, which the others do not have."""
    about = {"created_by": "created the row", "updated_by": "changed it last"}
    members = [
        (
            name,
            Annotated[
                Attribution | UnsetType | None,
                Meta(description=f"Who {done}, with include={AUDIT}; null where that is not known."),
            ],
            UNSET,
        )
        for name, done in about.items()
    ]
    return defstruct(
        answer.__name__ + OPTIONAL_MEMBERS,
        members,
        bases=(answer,),
        module=answer.__module__,
        namespace={"__doc__": answer.__doc__},
        frozen=True,
    )


def with_audit(item: Struct, audit: _Audit) -> Struct:
    """Return an answer with its audit."""
    return answer_with_audit(type(item))(*astuple(item), *audit)


# The statement


@cache
def entries(model: type[Entity], dialect: str) -> Select[Any]:
    """Select the first and the last change of the rows with ids among VALUES; `audits` reads its result.

    Both are found by the index of the changes of a row, however many there are in between.
    """
    first, is_first = _entry(model, dialect, newest=False)
    last, is_last = _entry(model, dialect, newest=True)
    columns = ["action", *(each.name for each in fields(Attribution))]
    found = [getattr(each, name) for each in (first, last) for name in columns]
    return (
        select(model.id, model.created_at, first.after["created_at"].as_string(), *found)
        .select_from(model)
        .outerjoin(first, is_first)
        .outerjoin(last, is_last)
        .where(in_values(model.id))
    )


def _entry(model: type[Entity], dialect: str, *, newest: bool) -> tuple[Any, Any]:
    """Return the first or the last change of a row, and the condition by which it is joined."""
    change = aliased(Change)
    # A client may have given a row of another resource the same id. Where PostgreSQL guesses that few changes are of
    # one resource, it would read all of a row and sort them; of a CASE it assumes that it holds for nearly every row.
    of_resource = case((change.resource == model.__tablename__, change.id)).is_not(None)
    of_row = (change.resource_id == model.id) & of_resource
    place = change.id.desc() if newest else change.id
    one: Any = literal_column("1")
    if dialect == "postgresql":
        # Joined as on SQLite, it would read the whole table where it has no statistics.
        found = select(change).where(of_row).order_by(place).limit(one).correlate(model).lateral()
        return aliased(Change, found), true()
    entry = aliased(Change)
    found_id = select(change.id).where(of_row).order_by(place).limit(one).correlate(model).scalar_subquery()
    return entry, entry.id == found_id


def audits(rows: Sequence[Sequence[Any]]) -> Mapping[UUID, _Audit]:
    """Return the audit of each row that `entries` has selected."""
    return {row[0]: _audit(row) for row in rows}


def _audit(row: Sequence[Any]) -> _Audit:
    _, created_at, first_created_at, *columns = row
    half = len(columns) // 2
    (first_action, *first), (last_action, *last) = columns[:half], columns[half:]
    if last_action is None:
        return None, None
    updated_by = Attribution(*last)
    if last_action == CREATE:
        return updated_by, updated_by
    # A row that was deleted, and made again with its former id, is not what the first change created.
    same = first_action == CREATE and first_created_at and datetime.fromisoformat(first_created_at) == created_at
    return (Attribution(*first) if same else None), updated_by
