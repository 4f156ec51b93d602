"""Importing a file: rows become records, records become batches, and each batch is one transaction."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from contextvars import copy_context
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import msgspec
from msgspec.structs import replace
from sqlalchemy.orm import Session

from diptych.core.errors import Conflict
from diptych.core.formats.normalization import normalized
from diptych.core.formats.record import BookRecord, RawBook, Reject, Source
from diptych.core.import_export.duplicate_detector import DuplicateDetector
from diptych.core.import_export.export_rows import ExportedRow
from diptych.core.import_export.import_books import OnConflict, Outcome, load_books, record_key
from diptych.core.import_export.rejects import RejectWriter
from diptych.core.import_export.restore import restore
from diptych.core.import_export.row_books import TabularBook
from diptych.core.import_export.sources import Entry
from diptych.core.import_export.summary import Summary
from diptych.core.sync.unit_of_work import Database

BATCH = 1000

Item = BookRecord | ExportedRow


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


class Repeat:
    """A row that repeats an earlier row."""


Step = BookRecord | ExportedRow | Reject | Repeat


def import_rows(  # noqa: PLR0913 - four of them are options
    database: Database,
    entries: Iterable[Entry],
    *,
    file_format: str = "",
    on_conflict: OnConflict = "replace",
    rejects: RejectWriter | None = None,
    strict: bool = False,
    advanced: Callable[[Summary], None] = lambda _: None,
) -> Summary:
    """Import every valid row or record. `advanced` is called with the summary after each batch.

    file_format: the name under which it is noted where a book with a number of its source came from; without one, it
    is not. A strict import ends at the first reject; what came before it is loaded.

    Errors: those of Database.run_in_transaction.
    """
    summary = Summary()
    with (
        closing(DuplicateDetector()) as seen,
        closing(_Loader(database, on_conflict, strict=strict)) as loader,
        closing(_outcomes(loader, steps_of(entries, seen, summary, file_format))) as found,
    ):
        for outcome in found:
            summary.add(outcome.created, outcome.updated, outcome.unchanged, outcome.rejects)
            if rejects is not None:
                for reject in outcome.rejects:
                    rejects.write(reject)
            advanced(summary)
            if strict and outcome.rejects:
                summary.stopped = outcome.rejects[0]
                break
    return summary


@dataclass(slots=True)
class Preview:
    """What an import would read: the first records, how many there are, and how many repeat an earlier one."""

    summary: Summary
    first: list[BookRecord] = field(default_factory=list)
    records: int = 0
    repeated: int = 0


def preview(
    entries: Iterable[Entry], *, shown: int, rejects: RejectWriter | None = None, strict: bool = False
) -> Preview:
    """Read and check all rows or records, and store none; a strict one ends at the first reject."""
    found = Preview(Summary())
    with closing(DuplicateDetector()) as seen:
        for _, _, step in steps_of(entries, seen, found.summary, ""):
            if isinstance(step, Reject):
                found.summary.add(0, 0, 0, [step])
                if rejects is not None:
                    rejects.write(step)
                if strict:
                    found.summary.stopped = step
                    break
            elif isinstance(step, Repeat):
                found.repeated += 1
            else:
                found.records += 1
                if isinstance(step, BookRecord) and len(found.first) < shown:
                    found.first.append(step)
    return found


def _outcomes(loader: _Loader, items: Iterator[tuple[int, Any, Step]]) -> Generator[Outcome]:
    """Yield the outcome of each batch. While the database loads one, the next is read and checked."""
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="diptych-import") as worker:
        loading: Future[list[Outcome]] | None = None
        for step in _batches(items, in_order=loader.strict):
            if loading is not None and (loader.strict or isinstance(step, _Batch)):
                yield from loading.result()
                loading = None
            if isinstance(step, _Batch):
                # In this context: its changes are attributed as those of this thread.
                loading = worker.submit(copy_context().run, loader.load, step)
            else:
                yield _without_loading(step)
        if loading is not None:
            yield from loading.result()


def _without_loading(step: Reject | Repeat) -> Outcome:
    return Outcome(rejects=[step]) if isinstance(step, Reject) else Outcome(unchanged=1)


def steps_of(
    entries: Iterable[Entry], seen: DuplicateDetector, summary: Summary, file_format: str
) -> Iterator[tuple[int, Any, Step]]:
    """Yield what is to be done with each row; what is left out of a record is noted in the summary."""
    for number, raw, found in entries:
        item = record_of(found, raw, summary) if isinstance(found, RawBook) else found
        step = item if isinstance(item, Reject) else _first(item, number, raw, seen)
        if file_format and isinstance(step, BookRecord) and step.record_id is not None:
            step = replace(step, source=Source(file_format, _digest(raw)))
        yield number, raw, step


def _digest(raw: Any) -> str:
    """Return the SHA-256 of a record: of its text, or of its fields as JSON."""
    return sha256(raw.encode() if isinstance(raw, str) else msgspec.json.encode(raw)).hexdigest()


def record_of(book: RawBook, raw: Any, summary: Summary) -> BookRecord | Reject:
    """Return the record of a book by the rules for values."""
    found = normalized(book)
    if isinstance(found, Reject):
        return replace(found, raw=raw)
    record, troubles = found
    if isinstance(book, TabularBook):
        troubles += book.troubles
        if book.further:
            record = replace(record, further=book.further)
    if troubles or book.unread:
        summary.note(book.number, troubles, book.unread)
    return record


def _first(item: Item, line: int, row: Any, seen: DuplicateDetector) -> Step:
    """Return the item; if an earlier row was about the same one, return a repeat or a reject."""
    if isinstance(item, BookRecord):
        # A book may have two numbers in its source.
        found, earlier = seen.check(record_key(item), replace(item, line=0, record_id=None), line)
    else:
        found, earlier = seen.check(item.id, item, line)
    if found == "new":
        return item
    if found == "same":
        return Repeat()
    return Reject(
        line, f"line {earlier} says otherwise of the same {'book' if isinstance(item, BookRecord) else 'id'}", row
    )


def _batches(items: Iterator[tuple[int, Any, Step]], *, in_order: bool) -> Iterator[_Batch | Reject | Repeat]:
    """Yield batches, rejects and repeats. in_order: rejects and repeats come after all rows before them in the file."""
    batch = _Batch()
    for line, raw, item in items:
        if isinstance(item, Reject | Repeat):
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


class _Loader:
    """Loads batches into a database, each in one transaction."""

    def __init__(self, database: Database, on_conflict: OnConflict, *, strict: bool) -> None:
        self.strict = strict
        self._database = database
        self._on_conflict = on_conflict
        self._loaded_books = DuplicateDetector()

    def close(self) -> None:
        """Forget what has been loaded."""
        self._loaded_books.close()

    def load(self, batch: _Batch) -> list[Outcome]:
        """Load a batch; a strict import loads a batch with a reject again, up to that reject."""
        try:
            return [self._loaded(batch, strict=self.strict and len(batch.items) > 1)]
        except _RejectedInBatch:
            outcomes: list[Outcome] = []
            for one in batch.singly():
                outcomes.append(self._loaded(one, strict=False))
                if outcomes[-1].rejects:
                    break
            return outcomes

    def _loaded(self, batch: _Batch, *, strict: bool) -> Outcome:
        def work(session: Session) -> Outcome:
            outcome = load_items(session, batch.items, batch.lines, batch.raw, self._on_conflict, self._loaded_books)
            if strict and outcome.rejects:
                raise _RejectedInBatch
            return outcome

        try:
            outcome = self._database.run_in_transaction(work)
        except Conflict:
            # Another writer has stored one of these meanwhile; a second attempt finds it.
            outcome = self._database.run_in_transaction(work)
        for book in outcome.named_otherwise:
            self._loaded_books.check(*book)
        return outcome


def load_items(  # noqa: PLR0913, PLR0917 - the columns of a batch, and what concerns all of it
    session: Session,
    items: Sequence[Item],
    lines: Sequence[int],
    raw: Mapping[int, Any],
    on_conflict: OnConflict,
    loaded: DuplicateDetector,
) -> Outcome:
    """Load items of one kind, in the transaction of a session. lines: of the items. raw: by line, what a reject shows.

    No two may be about the same book or row. loaded: as in `load_books`; the caller adds to it what is committed.
    """
    books = [item for item in items if isinstance(item, BookRecord)]
    exported = [item for item in items if isinstance(item, ExportedRow)]
    outcome = load_books(session, books, on_conflict, loaded) if books else restore(session, exported, lines)
    outcome.rejects = [replace(reject, raw=raw[reject.line]) for reject in outcome.rejects]
    return outcome
