# Generated from core/aio/services/named_rows.py by tools/unasync.py: do not edit, run "make twins".
"""Rows that are given by their names, as people type them: found where there is one, created where there is none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Literal
from uuid import UUID

from msgspec import Struct
from sqlalchemy import select

from diptych.core.engine.entity import Entity
from diptych.core.engine.other_names import owner_and_name
from diptych.core.errors import FieldError, ValidationFailed
from diptych.core.sync.services.row_service import CatalogueReadService

Path = tuple[str | int, ...]


class NamedRow(Struct, frozen=True):
    """A row by its name. path: of the name in the input.

    id: the one that is meant where several have the name, or "new" for another; it counts only while it has the name.
    """

    name: str
    path: Path
    id: UUID | Literal["new"] | None = None


class AmbiguousNames(ValidationFailed):
    """Names that several rows have. candidates: those rows, by the path of the name."""

    candidates: Mapping[Path, Sequence[Entity]] = MappingProxyType({})

    @classmethod
    def of_names(cls, candidates: Mapping[Path, Sequence[Entity]], noun: str) -> AmbiguousNames:
        """Return the error for names that have these candidates."""
        detail = "several have this name: choose one"
        error = cls(
            f"More than one {noun} has a name.", [FieldError("ambiguous", detail, path=path) for path in candidates]
        )
        error.candidates = candidates
        return error


def ids_of(service: Any, wanted: Sequence[NamedRow]) -> list[UUID]:
    """Return the ids of rows, in order; create those whose names no row has, as its own or as another name.

    Errors: AmbiguousNames.
    """
    having = _having(service, {each.name for each in wanted})
    ambiguous: dict[Path, Sequence[Entity]] = {}
    found: list[UUID | str] = []
    for each in wanted:
        rows = having.get(each.name, [])
        chosen = [row for row in rows if row.id == each.id] or rows
        if len(chosen) > 1 and each.id != "new":
            ambiguous[each.path] = chosen
        # Two of one new name are one row, unless each was said to be another.
        found.append(chosen[0].id if chosen and each.id != "new" else f"{each.name}\n{each.path if each.id else ''}")
    if ambiguous:
        raise AmbiguousNames.of_names(ambiguous, service.spec.noun)
    # All writers use one order: two of them then wait for each other instead of deadlocking.
    missing = sorted({key for key in found if isinstance(key, str)})
    made = dict(zip(missing, _created(service, missing), strict=True))
    return [made[key] if isinstance(key, str) else key for key in found]


def _created(service: Any, keys: Sequence[str]) -> list[UUID]:
    if not keys:
        return []
    names: Any = [{service.rules.named_by: key.partition("\n")[0]} for key in keys]
    return [row.id for row in service.create_many(names)]


def _having(service: CatalogueReadService[Any], names: set[str]) -> dict[str, list[Any]]:
    """Return the rows that have each of the names, by id."""
    if not names:
        return {}
    model: Any = service.spec.model
    statement = select(model.name, model).where(model.name.in_(names))
    found: dict[str, dict[UUID, Any]] = {}
    for name, row in service.session.execute(statement.order_by(model.id)):
        found.setdefault(name, {})[row.id] = row
    if other_names := getattr(service, "other_names", None):
        owner, name_column = owner_and_name(other_names)
        others = select(name_column, model).join(model, model.id == owner).where(name_column.in_(names))
        for name, row in service.session.execute(others.order_by(model.id)):
            found.setdefault(name, {})[row.id] = row
    return {name: [*rows.values()] for name, rows in found.items()}
