# Generated from core/aio/services/undoing.py by tools/unasync.py: do not edit, run "make twins".
"""Undo changes: rows become again what they were, unless later changes stand in the way."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Table, UniqueConstraint, delete, insert, select, tuple_
from sqlalchemy.orm import Session

from diptych.core.engine.entity import Base, Entity, now
from diptych.core.errors import CatalogueError, Conflict
from diptych.core.history.net_changes import NetChange, PartRow, owner_key, part_row, parts_of
from diptych.core.sync.services.row_service import RowService

Services = Mapping[str, type[RowService[Any]]]
"""The service of each table whose rows have a history."""


DELETED = 1000
"""Rows of a part that one statement deletes, at most."""


class Obstacle(NamedTuple):
    """Why a row cannot be what it was."""

    table: str
    row_id: UUID
    reason: str


class UndoneRow(NamedTuple):
    """A row that is what it was again. action: what that took, "create", "update" or "delete"."""

    table: str
    row_id: UUID
    action: str


class Undoing:
    """Undoes the net changes of rows, in one transaction.

    A row that is already what it was stays as it is. A row that later changes have made something else is an obstacle:
    it stays as it is too, and the others are undone all the same; callers that want all or none roll back.

    undone, obstacles: what has become of the rows.
    """

    def __init__(self, session: Session, services: Services) -> None:
        self.session = session
        self._services = services
        self.undone: dict[UndoneRow, None] = {}
        self.obstacles: list[Obstacle] = []

    def undo(self, changes: Sequence[NetChange]) -> None:
        """Undo all these changes, in an order in which every row finds those that it refers to."""
        self._pass(changes)
        if self.obstacles:
            # What has been undone may have cleared the way: a name is free when the tag that had it is gone. Or
            # somebody else has undone the same meanwhile.
            self.obstacles.clear()
            self._pass(changes)

    def _pass(self, changes: Sequence[NetChange]) -> None:
        tables = tables_of(self._services)
        for table in tables:
            self.restore(table, [each for each in changes if each.table == table and each.deletes])
        for table in tables:
            self.revert(table, [each for each in changes if each.table == table and each.updates])
        for table in reversed(tables):
            self.remove(table, [each for each in changes if each.table == table and each.creates])

    def restore(self, table: str, changes: Sequence[NetChange]) -> None:
        """Create the rows of a table that were deleted, with what belonged to them."""
        service = self._service(table)
        present = self._locked(service, changes)
        missing = [each for each in changes if each.row_id not in present]
        sound = self._without_refused(service, missing, [dict(each.before or {}) for each in missing], new=True)
        if sound:
            service.create_rows([values for _, values in sound])
            self._done([each for each, _ in sound], "create")
            rows = self._locked(service, [each for each, _ in sound])
            self._revert_parts(service, [each for each, _ in sound], rows)

    def revert(self, table: str, changes: Sequence[NetChange]) -> None:
        """Set the columns of rows, and what belongs to them, to what they were."""
        service = self._service(table)
        rows = self._locked(service, changes)
        wanted = []
        for each in changes:
            values = self._reverted_columns(service, each, rows.get(each.row_id))
            if values is not None:
                wanted.append((each, values))
        wanted = self._without_losses(service, wanted)
        sound = self._without_refused(service, [each for each, _ in wanted], [values for _, values in wanted])
        changed = [(each, values) for each, values in sound if values]
        service.change_rows([rows[each.row_id] for each, _ in changed], [values for _, values in changed])
        in_parts = self._revert_parts(service, [each for each, _ in sound], rows)
        columns = {each.row_id for each, _ in changed}
        self._done([each for each, _ in sound if each.row_id in columns | in_parts], "update")

    def remove(self, table: str, changes: Sequence[NetChange]) -> None:
        """Delete the rows of a table that were made, unless they have changed or others use them."""
        service = self._service(table)
        rows = self._locked(service, changes)
        used = self._used(table, list(rows))
        parts = {part: self._part_rows(each, list(rows)) for part, each in parts_of(table).items()}
        gone = []
        for each in changes:
            if each.row_id not in rows:
                continue
            row, recorded = rows[each.row_id], each.after or {}
            changed = [name for name, value in recorded.items() if getattr(row, name) != value]
            changed += [part for part, found in parts.items() if set(found[each.row_id]) != set(each.came(part))]
            if changed:
                self._obstacle(each, f"{_list(changed)} changed later")
            elif each.row_id in used:
                self._obstacle(each, "other rows refer to it")
            else:
                gone.append(each)
        if gone:
            service.delete_rows([rows[each.row_id] for each in gone])
            self._done(gone, "delete")

    def _service(self, table: str) -> RowService[Any]:
        return self._services[table](self.session, wrap_exceptions=False)

    def _locked(self, service: RowService[Any], changes: Sequence[NetChange]) -> dict[UUID, Any]:
        """Return the present rows of these changes, locked until the transaction ends."""
        if not changes:
            return {}
        rows = service.locked([each.row_id for each in changes])
        return {row.id: row for row in rows}

    def _reverted_columns(self, service: RowService[Any], change: NetChange, row: Any) -> dict[str, Any] | None:
        """Return the columns of a row to set, and their values; None where something stands in the way."""
        if row is None:
            self._obstacle(change, "it was deleted later")
            return None
        values, changed = {}, []
        for name, (before, after) in change.columns().items():
            present = getattr(row, name)
            if present not in (before, after):
                changed.append(name)
            elif present != before:
                values[name] = before
        # A column that another resets would be lost.
        changed += [name for name in service.rules.resets_of(row, values) if getattr(row, name) is not None]
        if changed:
            self._obstacle(change, f"{_list(changed)} changed later")
            return None
        kept = {name: getattr(row, name) for name in service.rules.checks}
        if wrong := service.rules.contradictions({**kept, **values}) if values else ():
            self._obstacle(change, "; ".join(error.detail for error in wrong))
            return None
        return values

    def _without_losses(
        self, service: RowService[Any], wanted: Sequence[tuple[NetChange, dict[str, Any]]]
    ) -> list[tuple[NetChange, dict[str, Any]]]:
        """Return the changes, with the values to set, that take away nothing which later changes have added."""
        lossy: set[UUID] = set()
        for part, table in parts_of(service.model_type.__tablename__).items():
            concerned = [(each, gone) for each, values in wanted if (gone := service.dropped_with(values).get(part))]
            present = self._part_rows(table, [each.row_id for each, _ in concerned])
            for each, gone in concerned:
                if any(gone(dict(row)) for row in {*present[each.row_id]} - {*each.came(part)}):
                    lossy.add(each.row_id)
                    self._obstacle(each, f"{_list([part])} changed later")
        return [(each, values) for each, values in wanted if each.row_id not in lossy]

    def _without_refused(
        self,
        service: RowService[Any],
        changes: Sequence[NetChange],
        items: Sequence[dict[str, Any]],
        *,
        new: bool = False,
    ) -> list[tuple[NetChange, dict[str, Any]]]:
        """Return the changes, with the values to set, whose references exist and whose unique values are free."""
        places, refused = range(len(items)), set()
        owners = [None if new else each.row_id for each in changes]
        names = [*service.unique, *(["slug"] if service.spec.slugged else [])]
        for check in (
            partial(service.check, items, places),
            partial(service.check_unique, names, items, owners, places),
        ):
            try:
                check()
            except CatalogueError as error:
                for each in error.field_errors:
                    _, place, *rest = each.path or ()
                    refused.add(place)
                    self._obstacle(changes[int(place)], f"{'.'.join(map(str, rest))}: {each.detail}")
        return [
            (each, values)
            for place, (each, values) in enumerate(zip(changes, items, strict=True))
            if place not in refused
        ]

    def _revert_parts(
        self, service: RowService[Any], changes: Sequence[NetChange], rows: Mapping[UUID, Any]
    ) -> set[UUID]:
        """Set what belongs to rows to what it was; return the ids of those that changed."""
        changed: set[UUID] = set()
        for part, table in parts_of(service.model_type.__tablename__).items():
            concerned = [each for each in changes if each.parts.get(part)]
            if concerned:
                changed |= self._revert_part(service, part, table, concerned, rows)
        for row_id in changed:
            rows[row_id].updated_at = now()
        service.flush()
        return changed

    def _revert_part(
        self, service: RowService[Any], part: str, table: Table, changes: Sequence[NetChange], rows: Mapping[UUID, Any]
    ) -> set[UUID]:
        present = self._part_rows(table, [each.row_id for each in changes])
        missing = self._missing_references(service, table, changes, part)
        key = owner_key(table).name
        gone, back = [], []
        for each in changes:
            there = set(present[each.row_id])
            extra = there & set(each.came(part))
            lacking = [dict(row) for row in each.went(part) if row not in there]
            try:
                _check_room(table, [dict(row) for row in there - extra], lacking)
                if any(value in missing for row in lacking for value in row.values()):
                    raise Conflict("what it refers to was deleted later")
                service.check_part(rows[each.row_id], part, lacking)
            except CatalogueError as error:
                self._obstacle(each, f"{part}: {error.detail}")
                continue
            gone += [(each.row_id, *(value for _, value in row)) for row in extra]
            back += [{key: each.row_id, **row} for row in lacking]
        names = sorted(column.name for column in table.columns if column.name != key)
        identifying = [key, *names]
        if gone:
            primary = [name for name in identifying if table.c[name].primary_key]
            picked = [tuple(values[identifying.index(name)] for name in primary) for values in gone]
            columns = tuple_(*(table.c[name] for name in primary))
            # On PostgreSQL one change has any number of rows, and a statement 65,535 parameters at most.
            for first in range(0, len(picked), DELETED):
                self.session.execute(delete(table).where(columns.in_(picked[first : first + DELETED])))
        if back:
            self.session.execute(insert(table), back)
        return {row_id for row_id, *_ in gone} | {row[key] for row in back}

    def _part_rows(self, table: Table, ids: Sequence[UUID]) -> dict[UUID, list[PartRow]]:
        """Return the present rows of a part, by the row that they belong to."""
        found: dict[UUID, list[PartRow]] = {row_id: [] for row_id in ids}
        if ids:
            owner = owner_key(table)
            for row in (self.session.execute(select(table).where(owner.in_(ids)))).mappings():
                found[row[owner.name]].append(part_row({name: row[name] for name in row if name != owner.name}))
        return found

    def _missing_references(
        self, service: RowService[Any], table: Table, changes: Sequence[NetChange], part: str
    ) -> set[Any]:
        """Return the ids that the former rows of a part refer to and no row has."""
        missing: set[Any] = set()
        for column in table.columns:
            if column.foreign_keys and column is not owner_key(table):
                wanted = {dict(row)[column.name] for each in changes for row in each.went(part)}
                target = next(iter(column.foreign_keys)).column.table.name
                # Of other tables, `check_part` knows.
                if wanted and target in self._services:
                    missing |= wanted - service.existing(_model(self._services, target), wanted)
        return missing

    def _used(self, table: str, ids: Sequence[UUID]) -> set[UUID]:
        """Return those of a table's rows that others refer to, other than what belongs to them."""
        used: set[UUID] = set()
        own = [owner_key(each) for each in parts_of(table).values()]
        for each in Base.metadata.sorted_tables:
            for key in each.foreign_keys:
                if ids and key.column.table.name == table and not any(key.parent is column for column in own):
                    used |= set((self.session.execute(select(key.parent).where(key.parent.in_(ids)))).scalars())
        return used

    def _done(self, changes: Iterable[NetChange], action: str) -> None:
        self.undone |= dict.fromkeys(UndoneRow(each.table, each.row_id, action) for each in changes)

    def _obstacle(self, change: NetChange, reason: str) -> None:
        self.obstacles.append(Obstacle(change.table, change.row_id, reason))


def tables_of(services: Services) -> list[str]:
    """Return the tables with a history of their own, each after those that its rows refer to."""
    return [table.name for table in Base.metadata.sorted_tables if table.name in services]


def _model(services: Services, table: str) -> type[Entity]:
    model: type[Entity] = services[table].spec.model
    return model


def _check_room(table: Table, present: Sequence[Mapping[str, Any]], new: Sequence[Mapping[str, Any]]) -> None:
    """Refuse rows of a part whose place others have. Errors: Conflict."""
    owner = owner_key(table).name
    keys = [table.primary_key, *(each for each in table.constraints if isinstance(each, UniqueConstraint))]
    for key in keys:
        names = [column.name for column in key.columns if column.name != owner]
        taken = {tuple(row[name] for name in names) for row in present}
        if any(tuple(row[name] for name in names) in taken for row in new):
            raise Conflict("others have taken the place since")


def _list(names: Sequence[str]) -> str:
    return f"{', '.join(names)} {'was' if len(names) == 1 and not names[0].endswith('s') else 'were'}"
