"""Importing a file: rows become records, records become batches, and each batch is one transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import msgspec
from sqlalchemy.orm import Session

from core.errors import Conflict
from core.sync.copying import restore
from core.sync.loading import Outcome, load_books, record_key
from core.sync.unit_of_work import Database
from core.transfer.copies import AuthorCopy, BookCopy, TagCopy, is_copy, read_copy
from core.transfer.mapping import ColumnMap, record
from core.transfer.reading import Row
from core.transfer.records import BookRecord, Reject

BATCH = 500

Copy = AuthorCopy | TagCopy | BookCopy
Item = BookRecord | Copy


class Rejects(Protocol):
    """Where rejected rows are written."""

    def write(self, data: bytes, /) -> object: ...


@dataclass(slots=True)
class Summary:
    """What became of the rows so far; `stopped` is the reject that ended a strict import."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    rejected: int = 0
    stopped: Reject | None = None

    @property
    def rows(self) -> int:
        """Rows so far."""
        return self.created + self.updated + self.unchanged + self.rejected


@dataclass(slots=True)
class _Batch:
    """Items of one kind, no two of which are the same book."""

    items: list[Item] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    raw: dict[int, Any] = field(default_factory=dict)
    keys: set[Any] = field(default_factory=set)

    def takes(self, item: Item) -> bool:
        if not self.items:
            return True
        return len(self.items) < BATCH and type(item) is type(self.items[0]) and _key(item) not in self.keys

    def add(self, item: Item, line: int, raw: Any) -> None:
        self.items.append(item)
        self.lines.append(line)
        self.raw[line] = raw
        self.keys.add(_key(item))


def _key(item: Item) -> Any:
    return record_key(item) if isinstance(item, BookRecord) else item.id


def import_rows(  # noqa: PLR0913 - four of them are options
    database: Database,
    rows: Iterable[Row],
    mapping: ColumnMap,
    defaults: Mapping[str, str],
    *,
    rejects: Rejects | None = None,
    strict: bool = False,
    advanced: Callable[[Summary], None] = lambda _: None,
) -> Summary:
    """Import every row that can be. `advanced` hears of the summary after each batch.

    A strict import ends at the first reject; what came before it is loaded. Errors: those of Database.write.
    """
    summary = Summary()
    for step in _batches(_items(rows, mapping, defaults), in_order=strict):
        if isinstance(step, Reject):
            outcome = Outcome(rejects=[step])
        else:
            outcome = _load(database, step)
            outcome.rejects = [replace(reject, raw=step.raw[reject.line]) for reject in outcome.rejects]
        summary.created += outcome.created
        summary.updated += outcome.updated
        summary.unchanged += outcome.unchanged
        summary.rejected += len(outcome.rejects)
        for reject in outcome.rejects:
            if rejects is not None:
                rejects.write(
                    msgspec.json.encode({"line": reject.line, "reason": reject.reason, "row": reject.raw}) + b"\n"
                )
        advanced(summary)
        if strict and outcome.rejects:
            summary.stopped = outcome.rejects[0]
            break
    return summary


def _items(
    rows: Iterable[Row], mapping: ColumnMap, defaults: Mapping[str, str]
) -> Iterator[tuple[int, Any, Item | Reject]]:
    for line, row in rows:
        if isinstance(row, Reject):
            yield line, None, row
        elif is_copy(row):
            yield line, row, read_copy(row, line)
        else:
            yield line, row, record(row, line, mapping, defaults)


def _batches(items: Iterator[tuple[int, Any, Item | Reject]], *, in_order: bool) -> Iterator[_Batch | Reject]:
    """Batches and rejects; in order, a reject comes when all that stands before it in the file has."""
    batch = _Batch()
    for line, raw, item in items:
        if isinstance(item, Reject):
            if in_order and batch.items:
                yield batch
                batch = _Batch()
            yield item
            continue
        if not batch.takes(item):
            yield batch
            batch = _Batch()
        batch.add(item, line, raw)
    if batch.items:
        yield batch


def _load(database: Database, batch: _Batch) -> Outcome:
    def work(session: Session) -> Outcome:
        books = [item for item in batch.items if isinstance(item, BookRecord)]
        if books:
            return load_books(session, books)
        copies = [item for item in batch.items if not isinstance(item, BookRecord)]
        return restore(session, copies, batch.lines)

    try:
        return database.write(work)
    except Conflict:
        # Someone stored one of these books in between: looked for again, it is found.
        return database.write(work)
