# Generated from core/aio/services/merging.py by tools/unasync.py: do not edit, run "make twins".
"""Other names of rows, and merging rows that are the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import delete, insert

from diptych.core.engine.entity import Base
from diptych.core.engine.other_names import names_of, owner_and_name, with_names
from diptych.core.engine.row_statements import VALUES
from diptych.core.errors import FieldError, ValidationFailed
from diptych.core.sync.services.resource_service import CatalogueService
from diptych.core.sync.services.row_reader import Reader, row_not_found
from diptych.core.sync.services.row_service import EntityT


class MergeableService(CatalogueService[EntityT]):
    """A resource of which two rows may be about the same, and are then merged.

    other_names: the table of other names. merged: the columns that a row without a value takes from one merged into it.
    """

    other_names: ClassVar[type[Base]]
    merged: ClassVar[tuple[str, ...]] = ()

    def set_names(self, item_id: UUID, names: Sequence[str]) -> list[str]:
        """Replace the other names of a row, and return them in order; its own is never among them.

        Errors: NotFound; those of `check_names`.
        """
        row = self.get_for_update(item_id)
        self.check_names(item_id, names)
        kept = {*names} - {self._name(row)}
        self.put_names({item_id: kept})
        return sorted(kept)

    def check_names(self, item_id: UUID, names: Sequence[str]) -> None:
        """Check that a row may have these other names. Errors: Conflict, where names tell rows apart."""

    def name_holders(self, names: Sequence[str]) -> dict[str, set[UUID]]:  # noqa: ARG002 - where they tell rows apart
        """Return the rows that have each of these other names; none where several rows may have the same one."""
        return {}

    def merge(self, item_id: UUID, others: Sequence[UUID]) -> EntityT:
        """Move everything from other rows to this one, keep their names as other names, and delete them.

        Errors: NotFound; ValidationFailed, if the row itself or one twice is among the others.
        """
        field_errors = [
            FieldError("repeated", "a row cannot be merged into itself, nor twice", path=("ids", place))
            for place, other in enumerate(others)
            if other == item_id or other in others[:place]
        ]
        if field_errors:
            raise ValidationFailed("These rows cannot be merged.", field_errors)
        found = {row.id: row for row in self._select_for_update(self.model_type.id.in_([item_id, *others]))}
        if item_id not in found:
            raise row_not_found(self.spec)
        missing = [
            FieldError("not_found", f"there is no such {self.spec.noun}", path=("ids", place))
            for place, other in enumerate(others)
            if other not in found
        ]
        if missing:
            raise row_not_found(self.spec, missing)
        row, gone = found[item_id], [found[other] for other in others]
        self.move(item_id, others)
        rows = self.session.execute(names_of(self.other_names), {VALUES: [item_id, *others]})
        kept = {name for _, name in rows} | {*map(self._name, gone)}
        self.put_names({item_id: kept - {self._name(row)}})
        self.delete_rows(gone)
        self.set_columns([row], [self.completing(row, gone)])
        return row

    def move(self, item_id: UUID, others: Sequence[UUID]) -> None:
        """Move what refers to other rows to this one."""
        raise NotImplementedError

    def completing(self, row: EntityT, others: Sequence[EntityT]) -> dict[str, Any]:
        """Return the values that a row lacks and one of the others has."""
        found: dict[str, Any] = {}
        for name in self.merged:
            known = [value for other in others if (value := getattr(other, name)) is not None]
            if getattr(row, name) is None and known:
                found[name] = known[0]
        return found

    def _name(self, row: EntityT) -> str:
        name: str = getattr(row, self.rules.named_by)
        return name

    def put_names(self, wanted: Mapping[UUID, AbstractSet[str]]) -> set[UUID]:
        """Replace the other names of each row; return the ids of the rows that changed."""
        present: dict[UUID, set[str]] = {item_id: set() for item_id in wanted}
        for item_id, name in self.session.execute(names_of(self.other_names), {VALUES: list(wanted)}):
            present[item_id].add(name)
        changed = [item_id for item_id, names in wanted.items() if names != present[item_id]]
        table: Any = self.other_names.__table__
        owner, name = owner_and_name(self.other_names)
        if changed:
            self.session.execute(delete(table).where(owner.in_(changed)))
        rows = [{owner.key: item_id, name.key: each} for item_id in changed for each in sorted(wanted[item_id])]
        if rows:
            self.session.execute(insert(table), rows)
        return set(changed)


class NamedReader(Reader):
    """Rows with other names. other_names: their table."""

    other_names: ClassVar[type[Base]]

    def names(self, item_id: UUID) -> list[str]:
        """Return the other names of a row, in order. Errors: NotFound."""
        self.ensure_exists(item_id)
        return (self.names_of([item_id]))[item_id]

    def names_of(self, ids: Sequence[UUID]) -> dict[UUID, list[str]]:
        """Return the other names of each row, in order."""
        found: dict[UUID, list[str]] = {item_id: [] for item_id in ids}
        for item_id, name in self.executor.all(names_of(self.other_names), {VALUES: list(ids)}):
            found[item_id].append(name)
        return found

    def fetch_with_names(self, column: str, value: Any) -> tuple[Any, list[str]]:
        """Return the row with a value in a unique column, and its other names, in order. Errors: NotFound."""
        found: tuple[Any, list[str]] = Reader(self.executor, with_names(self.spec, self.other_names)).fetch(
            column, value
        )
        return found
