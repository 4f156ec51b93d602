"""The jobs that preview and import a file that came over HTTP, in batches of rows.

A job that goes on after an interruption reads the file from its beginning again, because which rows repeat earlier ones
can be known in no other way, and loads what comes after the rows that are done.
"""

from __future__ import annotations

import json
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from contextvars import copy_context
from dataclasses import dataclass
from functools import partial
from itertools import groupby, islice
from typing import Any, Literal, TypeVar

import msgspec
from sqlalchemy import update
from sqlalchemy.orm import Session

from diptych.core.files.store import FileStore
from diptych.core.formats.option_names import as_members
from diptych.core.formats.record import BookRecord, Reject
from diptych.core.import_export.column_mapping import REASON
from diptych.core.import_export.duplicate_detector import DuplicateDetector
from diptych.core.import_export.import_books import Outcome, named_otherwise
from diptych.core.import_export.import_job import BATCH, Repeat, Step, load_items, preview, steps_of
from diptych.core.import_export.rejects import cells_of
from diptych.core.import_export.sources import BookSource, Options, stream_source
from diptych.core.import_export.stored_file import StoredFile
from diptych.core.import_export.summary import Summary
from diptych.core.imports.model import ImportFile, ImportReject
from diptych.core.imports.rules import SHOWN
from diptych.core.imports.schemas import ImportParameters, Preview, PreviewParameters
from diptych.core.jobs.rules import JobFailed, Progress
from diptych.core.sync import worker
from diptych.core.sync.bulk_insert import bulk_insert
from diptych.core.sync.unit_of_work import Database

Row = tuple[int, Any, Step]
"""A row of a file: its line, what a reject shows of it, and what is to be done with it."""

COUNTS = ("created", "updated", "unchanged", "rejected")

T = TypeVar("T")


def preview_steps(
    store: FileStore, database: Database, parameters: PreviewParameters, _progress: Progress
) -> Generator[worker.Step | None]:
    """Read and check a whole file, and store what it would become. Errors: JobFailed for what cannot be read."""
    with _source(database, store, parameters) as source:
        read = 0

        def entries() -> Iterator[Any]:
            nonlocal read
            for entry in source.entries:
                read += 1
                yield entry

        found = preview(entries(), shown=SHOWN)
        mapping = source.mapping
        made = Preview(
            format=source.file_format,
            notices=list(source.notices),
            columns=None if mapping is None else list(mapping.columns),
            mapping=None if mapping is None else mapping.columns_of_fields(),
            rows=[_shown(record) for record in found.first],
            records=found.records,
            repeated=found.repeated,
            rejected=found.summary.rejected,
            left_out=list(found.summary.notices(source.place)),
        )

        def step(session: Session) -> Progress:
            session.execute(_of_file(parameters).values(preview=msgspec.to_builtins(made)))
            counts = {"records": found.records, "repeated": found.repeated, "rejected": found.summary.rejected}
            return Progress(None, read, read, counts)

        yield step


def import_steps(
    store: FileStore, database: Database, parameters: ImportParameters, progress: Progress
) -> Generator[worker.Step | None]:
    """Import a file, BATCH rows in each transaction. Errors: JobFailed for what cannot be read."""
    with _source(database, store, parameters) as source:
        summary = Summary()
        importing = _Importing(parameters, source, progress)
        if progress.position is None:
            yield importing.begin
        with closing(importing), closing(_read_ahead(_windows(source, summary))) as windows:
            for window in windows:
                if importing.is_stopped:
                    break
                step = importing.step_of(window)
                if step is None:
                    database.run_in_transaction(partial(importing.recall, window))
                yield step
                importing.note()
        left_out = list(summary.notices(source.place))

        def end(session: Session) -> Progress:
            session.execute(_of_file(parameters).values(left_out=left_out))
            return importing.progress

        yield end


@dataclass(slots=True)
class _Window:
    """Some consecutive rows of a file. place: how many come before them."""

    place: int
    rows: list[Row]


class _Importing:
    """How far an import is; its progress is that of the batches that were committed."""

    def __init__(self, parameters: ImportParameters, source: BookSource, progress: Progress) -> None:
        self.progress = progress
        self.is_stopped = bool((progress.position or {}).get("stopped"))
        self._parameters = parameters
        self._source = source
        columns = source.mapping.columns if source.mapping is not None and source.delimiter is not None else ()
        self._columns = [column for column in columns if column != REASON]
        self._had_reason = REASON in columns
        self._loaded = DuplicateDetector()
        self._named_otherwise: list[tuple[object, object, int]] = []

    def close(self) -> None:
        """Forget what has been loaded."""
        self._loaded.close()

    def note(self) -> None:
        """Note of which books a later row may say something by another name of their author, once that is committed."""
        for book in self._named_otherwise:
            self._loaded.check(*book)
        self._named_otherwise = []

    def recall(self, window: _Window, session: Session) -> None:
        """Find out what `note` is to have of rows that were loaded before an interruption."""
        records = [step for _, _, step in window.rows if isinstance(step, BookRecord)]
        self._named_otherwise = named_otherwise(session, records)

    def begin(self, session: Session) -> Progress:
        """Store the columns in which rejects are listed, and count the rows that the preview has found."""
        row = session.execute(_of_file(self._parameters).values(columns=self._columns or None).returning(_PREVIEW))
        found = row.scalar_one_or_none()
        total = None if found is None else sum(found[name] for name in ("records", "repeated", "rejected"))
        self.progress = Progress({"rows": 0}, 0, total, dict.fromkeys(COUNTS, 0))
        return self.progress

    def step_of(self, window: _Window) -> worker.Step | None:
        """Return the batch that loads the rows of a window; None where they are done already."""
        before = self.progress
        done: int = (before.position or {}).get("rows", 0)
        rows = window.rows[max(0, done - window.place) :]
        if not rows:
            return None

        def step(session: Session) -> Progress:
            return self._load(session, before, rows)

        return step

    def _load(self, session: Session, before: Progress, rows: Sequence[Row]) -> Progress:
        """Load rows in the order of the file; a strict import, one by one, until one is rejected."""
        parameters, outcome, stopped = self._parameters, Outcome(), False
        with closing(_LoadedHere(self._loaded)) as loaded:
            for some in [[row] for row in rows] if parameters.strict else [rows]:
                one = self._outcome_of(session, some, loaded)
                _add(outcome, one)
                if parameters.strict and one.rejects:
                    stopped = True
                    break
                for book in one.named_otherwise:
                    loaded.check(*book)
        number = before.counts["rejected"]
        rejects = [self._row_of(number + place, reject) for place, reject in enumerate(outcome.rejects)]
        bulk_insert(session, ImportReject, rejects)
        added = {**{name: getattr(outcome, name) for name in COUNTS[:-1]}, "rejected": len(rejects)}
        done = before.done + sum(added.values())
        counts = {name: before.counts[name] + added[name] for name in COUNTS}
        position = {"rows": before.position["rows"] + len(rows), "stopped": stopped}
        self.progress = Progress(position, done, before.total, counts)
        self.is_stopped = stopped
        self._named_otherwise = outcome.named_otherwise
        return self.progress

    def _outcome_of(self, session: Session, rows: Sequence[Row], loaded: DuplicateDetector) -> Outcome:
        """Load rows, in runs of one kind, and return what became of them."""
        outcome = Outcome(
            unchanged=sum(isinstance(step, Repeat) for _, _, step in rows),
            rejects=[step for _, _, step in rows if isinstance(step, Reject)],
        )
        raw = {line: text for line, text, _ in rows}
        items = [(line, step) for line, _, step in rows if not isinstance(step, Repeat | Reject)]
        for _, group in groupby(items, lambda row: type(row[1])):
            lines, run = zip(*group, strict=True)
            _add(outcome, load_items(session, run, lines, raw, self._parameters.on_conflict, loaded))
        outcome.rejects.sort(key=lambda reject: reject.line)
        return outcome

    def _row_of(self, number: int, reject: Reject) -> dict[str, Any]:
        raw: Any = reject.raw
        if self._columns and isinstance(raw, str) and self._source.delimiter is not None:
            raw = cells_of(raw, self._columns, self._source.delimiter, had_reason=self._had_reason)
        return {
            "import_id": self._parameters.import_id,
            "number": number,
            "line": reject.line,
            "reason": reject.reason,
            "raw": json.dumps(raw, default=str),
        }


class _LoadedHere(DuplicateDetector):
    """What one transaction has loaded, besides what earlier ones have."""

    def __init__(self, earlier: DuplicateDetector) -> None:
        super().__init__()
        self._earlier = earlier

    def find(self, key: object, content: object) -> tuple[Literal["same", "other"], int] | None:
        return super().find(key, content) or self._earlier.find(key, content)


def _add(outcome: Outcome, more: Outcome) -> None:
    outcome.created += more.created
    outcome.updated += more.updated
    outcome.unchanged += more.unchanged
    outcome.rejects += more.rejects
    outcome.named_otherwise += more.named_otherwise


def _windows(source: BookSource, summary: Summary) -> Generator[_Window]:
    """Yield all rows of a file, BATCH at a time; what is left out of them is noted in the summary."""
    place = 0
    with closing(DuplicateDetector()) as seen:
        steps = steps_of(source.entries, seen, summary, source.file_format)
        while rows := list(islice(steps, BATCH)):
            yield _Window(place, rows)
            place += len(rows)


def _read_ahead(items: Generator[T]) -> Generator[T]:
    """Yield items; while one is used, a thread makes the next."""
    following = partial(copy_context().run, next, items, None)
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="diptych-import") as thread:
        try:
            upcoming = thread.submit(following)
            while (item := upcoming.result()) is not None:
                upcoming = thread.submit(following)
                yield item
        finally:
            thread.submit(items.close).result()


_PREVIEW = ImportFile.preview


def _of_file(parameters: ImportParameters | PreviewParameters) -> Any:
    return update(ImportFile).where(ImportFile.id == parameters.import_id)


@contextmanager
def _source(
    database: Database, store: FileStore, parameters: ImportParameters | PreviewParameters
) -> Iterator[BookSource]:
    """Open the file of an import as entries. Errors: JobFailed; those of the store."""
    stored = StoredFile(database, store, parameters.import_id)
    options = Options(
        file_format=parameters.format,
        encoding=parameters.encoding,
        mapped=[(name, column) for name, columns in parameters.map.items() for column in columns or [""]],
        defaults=parameters.default,
        separator=parameters.separator,
    )
    with as_members():
        try:
            source = stream_source(stored.buffered(), stored.name, options)
        except ValueError as error:
            raise JobFailed(str(error)) from error
        with source:
            yield source


def _shown(record: BookRecord) -> dict[str, Any]:
    """Return a record with every field that it has, as it would be stored."""
    values: dict[str, Any] = msgspec.to_builtins(record)
    values |= values.pop("further")
    return {name: value for name, value in values.items() if value not in (None, (), [])}
