"""What a set of changes came to, for each row: this is what an undo reverses."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache
from itertools import takewhile
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Table

from diptych.core.engine import history_triggers
from diptych.core.engine.entity import Base

Row = Mapping[str, Any]
PartRow = tuple[tuple[str, Any], ...]
"""A row of a part, such as a tag of a book, as pairs of column and value: two that are equal are one."""


@dataclass(slots=True)
class NetChange:
    """What changes came to for one row.

    before, after: the columns of the row, None where it did not exist, and both None where only parts have changed.
    parts: by name, how many more there are of each row of that part; fewer, where the number is negative.
    """

    table: str
    row_id: UUID
    before: Row | None = None
    after: Row | None = None
    parts: dict[str, Counter[PartRow]] = field(default_factory=dict)
    _begun: bool = False

    @property
    def creates(self) -> bool:
        """Whether the row was made."""
        return self.before is None and self.after is not None

    @property
    def deletes(self) -> bool:
        """Whether the row was deleted."""
        return self.before is not None and self.after is None

    @property
    def updates(self) -> bool:
        """Whether the row was there before and after; one that was made and deleted again is none of the three."""
        return not self.creates and not self.deletes and (self.before is not None or not self._begun)

    def columns(self) -> dict[str, tuple[Any, Any]]:
        """Return the columns that differ, with the value before and the one after."""
        if self.before is None or self.after is None:
            return {}
        return {
            name: (value, self.after[name])
            for name, value in self.before.items()
            if name in self.after and self.after[name] != value
        }

    def went(self, part: str) -> list[PartRow]:
        """Return the rows of a part that went."""
        return [row for row, number in self.parts.get(part, Counter()).items() if number < 0]

    def came(self, part: str) -> list[PartRow]:
        """Return the rows of a part that came."""
        return [row for row, number in self.parts.get(part, Counter()).items() if number > 0]

    def add(self, before: Any, after: Any) -> None:
        """Add a later change."""
        if part := _part_of(self.table, before, after):
            rows = self.parts.setdefault(part, Counter())
            rows.update(_part_rows(parts_of(self.table)[part], after[part]))
            rows.subtract(_part_rows(parts_of(self.table)[part], before[part]))
            return
        table = Base.metadata.tables[self.table]
        if not self._begun:
            self.before, self._begun = before and decoded(table, before), True
        self.after = after and decoded(table, after)


def net_changes(changes: Iterable[Any]) -> list[NetChange]:
    """Return the net changes of rows of the table of changes, which are in the order of their ids."""
    found: dict[tuple[str, UUID], NetChange] = {}
    for change in changes:
        key = (change.resource, change.resource_id)
        found.setdefault(key, NetChange(*key)).add(change.before, change.after)
    return list(found.values())


def with_parts(change: Any, before: Iterable[Any], after: Iterable[Any]) -> list[Any]:
    """Return the creation or deletion of a row, and the changes by which what belonged to it came or went with it.

    before, after: the other changes of that row, each beginning with the one next to it. Clients may send one request
    id always, so that a change of another kind ends what belongs together.
    """
    empty = "before" if change.action == "create" else "after"

    def is_of_it(other: Any) -> bool:
        part = _part_of(other.resource, other.before, other.after)
        return bool(part) and not getattr(other, empty)[part] and _source(other) == _source(change)

    # PostgreSQL records a cascade after the deletion, SQLite before it.
    return [*reversed([*takewhile(is_of_it, before)]), change, *takewhile(is_of_it, after)]


def _source(change: Any) -> tuple[Any, ...]:
    return (change.request_id, change.principal, change.via)


def _part_of(table: str, before: Any, after: Any) -> str:
    """Return the part of a row that a change is about; "" for one of the row itself."""
    name = next(iter(before)) if before and after else ""
    return name if name in parts_of(table) else ""


@cache
def parts_of(table: str) -> Mapping[str, Table]:
    """Return the tables whose rows belong to the rows of a table, by the name of the part."""
    found = {}
    for each in Base.metadata.sorted_tables:
        recorded = history_triggers.of(each) if history_triggers.in_history(each) else None
        if recorded and recorded.part and recorded.owner == table:
            found[recorded.part] = each
    return found


@cache
def owner_key(part: Table) -> Any:
    """Return the column of a table of parts that names the row that they belong to."""
    return part.c[history_triggers.of(part).key]


def decoded(table: Table, row: Row) -> dict[str, Any]:
    """Return a recorded row with the values of its columns; columns that there are no more are left out."""
    return {name: _value(table.c[name], value) for name, value in row.items() if name in table.c}


def part_row(row: Row) -> PartRow:
    """Return a row of a part as it is compared."""
    return tuple(sorted(row.items()))


def _part_rows(table: Table, rows: Iterable[Row]) -> list[PartRow]:
    columns = [column.name for column in table.columns if column is not owner_key(table)]
    return [part_row(dict.fromkeys(columns) | decoded(table, row)) for row in rows]


def _value(column: Column[Any], value: Any) -> Any:
    """Return a value of JSON, as both databases' triggers write it, as a value of the column's type."""
    if value is None:
        return None
    kind = column.type.python_type
    if kind in (datetime, date):
        return kind.fromisoformat(value)
    return kind(value) if kind in (UUID, float) else value
