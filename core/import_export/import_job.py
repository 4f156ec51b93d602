"""Importing a file: rows become records, records become batches, and each batch is one transaction."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any, Protocol

import msgspec
from msgspec.structs import replace
from sqlalchemy.orm import Session

from diptych.core.errors import Conflict
from diptych.core.import_export.column_mapping import ColumnMap, record
from diptych.core.import_export.duplicate_detector import DuplicateDetector
from diptych.core.import_export.export_rows import ExportedRow, is_exported, read_exported
from diptych.core.import_export.file_reader import Row
from diptych.core.import_export.import_books import Outcome, load_books, record_key
from diptych.core.import_export.import_rows import BookRecord, Reject
from diptych.core.import_export.restore import restore
from diptych.core.sync.unit_of_work import Database

BATCH = 1000

Item = BookRecord | ExportedRow


class Rejects(Protocol):
    """Where rejected rows are written."""

    def writelines(self, lines: Iterable[bytes], /) -> object: ...


@dataclass(slots=True)
class Summary:
    """The counts of rows so far; `stopped` is the reject that ended a strict import."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    rejected: int = 0
    stopped: Reject | None = None

    @property
    def rows(self) -> int:
        """Rows so far."""
        return self.created + self.updated + self.unchanged + self.rejected

    def add(self, outcome: Outcome) -> None:
        """Add the outcome of further rows."""
        self.created += outcome.created
        self.updated += outcome.updated
        self.unchanged += outcome.unchanged
        self.rejected += len(outcome.rejects)


@dataclass(slots=True)
class _Batch:
    """Items of one kind, each with its line and the row it came from."""

    items: list[Item] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    raw: dict[int, Any] = field(default_factory=dict)

    def takes(self, item: Item) -> bool:
        return not self.items or (len(self.items) < BATCH and type(item) is type(self.items[0]))

    def add(self, item: Item, line: int, raw: Any) -> None:
        self.items.append(item)
        self.lines.append(line)
        self.raw[line] = raw

    def singly(self) -> Iterator[_Batch]:
        """Yield the same items in batches of one."""
        for item, line in zip(self.items, self.lines, strict=True):
            yield _Batch([item], [line], self.raw)


class _Repeat:
    """A row that repeats an earlier row."""


Step = BookRecord | ExportedRow | Reject | _Repeat


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
    """Import every valid row. `advanced` is called with the summary after each batch.

    A strict import ends at the first reject; what came before it is loaded.

    Errors: those of Database.run_in_transaction.
    """
    summary = Summary()
    with (
        closing(DuplicateDetector()) as seen,
        closing(_outcomes(database, rows, mapping, defaults, seen, strict=strict)) as found,
    ):
        for outcome in found:
            summary.add(outcome)
            if rejects is not None:
                rejects.writelines(_reject_line(reject) for reject in outcome.rejects)
            advanced(summary)
            if strict and outcome.rejects:
                summary.stopped = outcome.rejects[0]
                break
    return summary


def _outcomes(  # noqa: PLR0913 - as above
    database: Database,
    rows: Iterable[Row],
    mapping: ColumnMap,
    defaults: Mapping[str, str],
    seen: DuplicateDetector,
    *,
    strict: bool,
) -> Generator[Outcome]:
    """Yield the outcome of each batch. While the database loads one, the next is read and checked."""
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="diptych-import") as worker:
        loading: Future[list[Outcome]] | None = None
        for step in _batches(_items(rows, mapping, defaults, seen), in_order=strict):
            if loading is not None and (strict or isinstance(step, _Batch)):
                yield from loading.result()
                loading = None
            if isinstance(step, _Batch):
                loading = worker.submit(_load, database, step, strict=strict)
            else:
                yield _without_loading(step)
        if loading is not None:
            yield from loading.result()


def _without_loading(step: Reject | _Repeat) -> Outcome:
    return Outcome(rejects=[step]) if isinstance(step, Reject) else Outcome(unchanged=1)


def _reject_line(reject: Reject) -> bytes:
    return msgspec.json.encode({"line": reject.line, "reason": reject.reason, "row": reject.raw}) + b"\n"


def _items(
    rows: Iterable[Row], mapping: ColumnMap, defaults: Mapping[str, str], seen: DuplicateDetector
) -> Iterator[tuple[int, Any, Step]]:
    for line, row in rows:
        if isinstance(row, Reject):
            yield line, None, row
            continue
        item = read_exported(row, line) if is_exported(row) else record(row, line, mapping, defaults)
        yield line, row, item if isinstance(item, Reject) else _first(item, line, row, seen)


def _first(item: Item, line: int, row: dict[str, Any], seen: DuplicateDetector) -> Step:
    """Return the item; if an earlier row was about the same one, return a repeat or a reject."""
    if isinstance(item, BookRecord):
        found, earlier = seen.check(record_key(item), replace(item, line=0), line)
    else:
        found, earlier = seen.check(item.id, item, line)
    if found == "new":
        return item
    if found == "same":
        return _Repeat()
    return Reject(
        line, f"line {earlier} says otherwise of the same {'book' if isinstance(item, BookRecord) else 'id'}", row
    )


def _batches(items: Iterator[tuple[int, Any, Step]], *, in_order: bool) -> Iterator[_Batch | Reject | _Repeat]:
    """Yield batches, rejects and repeats. in_order: rejects and repeats come after all rows before them in the file."""
    batch = _Batch()
    for line, raw, item in items:
        if isinstance(item, Reject | _Repeat):
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


class _RejectedInBatch(Exception):
    """A batch of a strict import has a reject, up to which it is loaded again."""


def _load(database: Database, batch: _Batch, *, strict: bool) -> list[Outcome]:
    """Load a batch in one transaction; a strict import loads a batch with a reject again, up to that reject."""
    try:
        return [_loaded(database, batch, strict=strict and len(batch.items) > 1)]
    except _RejectedInBatch:
        outcomes: list[Outcome] = []
        for one in batch.singly():
            outcomes.append(_loaded(database, one, strict=False))
            if outcomes[-1].rejects:
                break
        return outcomes


def _loaded(database: Database, batch: _Batch, *, strict: bool) -> Outcome:
    def work(session: Session) -> Outcome:
        books = [item for item in batch.items if isinstance(item, BookRecord)]
        exported = [item for item in batch.items if isinstance(item, ExportedRow)]
        outcome = load_books(session, books) if books else restore(session, exported, batch.lines)
        if strict and outcome.rejects:
            raise _RejectedInBatch
        return outcome

    try:
        outcome = database.run_in_transaction(work)
    except Conflict:
        # Another writer has stored one of these meanwhile; a second attempt finds it.
        outcome = database.run_in_transaction(work)
    outcome.rejects = [replace(reject, raw=batch.raw[reject.line]) for reject in outcome.rejects]
    return outcome
