"""Export and its reverse: every row of the catalogue as a line, and lines as rows again, ids and times included."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from diptych.core.catalogue.authors.model import Author
from diptych.core.catalogue.books.contributors import AUTHOR
from diptych.core.catalogue.books.model import Book, BookSource
from diptych.core.catalogue.series.model import Series
from diptych.core.engine.entity import Entity
from diptych.core.formats.record import Reject
from diptych.core.import_export.export_rows import KINDS, BookKind, ExportedRow, NamedKind, RowKind
from diptych.core.import_export.import_books import Outcome, add_lists
from diptych.core.sync.bulk_insert import bulk_insert
from diptych.core.sync.services.books import BookService, Contributing
from diptych.core.sync.services.merging import MergeableService
from diptych.core.sync.services.row_reader import Reader
from diptych.core.sync.services.tags import TagService
from diptych.core.sync.statement_executor import Executor
from diptych.core.sync.unit_of_work import Database

BATCH = 1000


def export_lines(database: Database) -> Iterator[dict[str, Any]]:
    """Yield every row of one moment, kind by kind, in the order of their ids: a row comes after those it refers to."""
    with database.snapshot() as connection:
        for kind in KINDS.values():
            reader = kind.resource.reader(connection)
            for rows in _pages(reader):
                yield from kind.lines(reader, rows)


def count_lines(executor: Executor) -> int:
    """Return how many rows `export_lines` yields."""
    counts = [select(func.count()).select_from(kind.resource.service.spec.model) for kind in KINDS.values()]
    return sum(executor.all(each, {})[0][0] for each in counts)


def _pages(reader: Reader) -> Iterator[list[Any]]:
    last: UUID | None = None
    while True:
        rows = reader.page_after(last, BATCH)
        yield rows
        if len(rows) < BATCH:
            return
        last = rows[-1].id


def restore(session: Session, exported: Sequence[ExportedRow], lines: Sequence[int]) -> Outcome:
    """Restore rows of one kind as they were exported, in one transaction.

    A line whose id exists updates that row. A line is rejected if another row has its slug, ISBN or name, or one of its
    other names where these tell rows apart, or if a row that it names is missing.
    """
    kind = KINDS[exported[0].type]
    restorers: dict[type[RowKind], type[_Restorer]] = {BookKind: _BookRestorer, NamedKind: _NamedRestorer}
    return restorers.get(type(kind), _Restorer)(session, kind).restore(exported, lines)


class _Restorer:
    """The rows of one batch of lines, all of one kind."""

    def __init__(self, session: Session, kind: RowKind) -> None:
        self.session = session
        self.kind = kind
        self.service = kind.resource.service(session, wrap_exceptions=False)
        self.outcome = Outcome()
        self.old: dict[UUID, Any] = {}
        self.new: set[UUID] = set()
        self.changed: set[UUID] = set()

    def restore(self, exported: Sequence[ExportedRow], lines: Sequence[int]) -> Outcome:
        """Store the rows that can be stored; return the outcome of all."""
        whole = self.without_faults(exported, lines)
        self.store(whole)
        self.store_lists([row for row, _ in whole if row.id in self.new | self.old.keys()])
        self.outcome.created = len(self.new)
        self.outcome.updated = len(self.changed)
        self.outcome.unchanged = len(self.old) - self.outcome.updated
        return self.outcome

    def references(self, row: Any) -> list[tuple[type[Entity], UUID]]:
        """Return the rows that a line names, by model and id."""
        found = [(model, getattr(row, name)) for name, model in self.service.spec.references.items()]
        return [(model, row_id) for model, row_id in found if row_id is not None]

    def fault(self, row: Any) -> str | None:  # noqa: ARG002 - for kinds with rules of their own
        """Return what is wrong with a line whose fields are valid, each by itself."""
        return None

    def store_lists(self, rows: Sequence[Any]) -> None:
        """Store the related rows of stored rows in other tables."""

    def without_faults(self, exported: Sequence[ExportedRow], lines: Sequence[int]) -> list[tuple[ExportedRow, int]]:
        """Return the lines that name rows that exist, and have no fault; the others are rejects."""
        wanted: dict[type[Entity], set[UUID]] = {}
        for row in exported:
            for model, row_id in self.references(row):
                wanted.setdefault(model, set()).add(row_id)
        missing = {model: ids - self.service.existing(model, ids) for model, ids in wanted.items()}
        whole = []
        for row, line in zip(exported, lines, strict=True):
            if reason := self._missing(row, missing) or self.fault(row):
                self._reject(row, line, reason)
            else:
                whole.append((row, line))
        return whole

    def refusal(self, row: Any) -> str:  # noqa: ARG002 - of those that have other names
        """Return why other rows stand in the way of a line; an empty text if none does."""
        return ""

    def accept(self, row: Any) -> None:
        """Take notice of a line that is going to be stored."""

    def _missing(self, row: Any, missing: dict[type[Entity], set[UUID]]) -> str:
        absent: dict[str, set[str]] = {}
        for model, row_id in self.references(row):
            if row_id in missing[model]:
                absent.setdefault(model.rules.noun, set()).add(str(row_id))
        return "; ".join(f"there is no {noun} {', '.join(sorted(ids))}" for noun, ids in absent.items())

    def _reject(self, row: ExportedRow, line: int, reason: str) -> None:
        self.outcome.rejects.append(Reject(line, reason, row.model_dump(mode="json")))

    def store(self, whole: Sequence[tuple[ExportedRow, int]]) -> None:
        """Create or change the rows with unique values that no other row has; the others are rejects."""
        values = [self.kind.columns(row) for row, _ in whole]
        holders = self._holders(values)
        present = {row.id: row for row in self._present([value["id"] for value in values])}
        accepted = []
        for (row, line), value in zip(whole, values, strict=True):
            unique = {(name, value[name]): name for name in self._unique() if value.get(name) is not None}
            owned = [name for pair, name in unique.items() if holders.get(pair, value["id"]) != value["id"]]
            if reason := self._contradiction(value, present.get(value["id"])) or self.refusal(row):
                self._reject(row, line, reason)
            elif owned:
                self._reject(row, line, f"another {self.service.spec.noun} has its {' and its '.join(owned)}")
            else:
                accepted.append(value)
                self.accept(row)
                holders |= dict.fromkeys(unique, value["id"])
        old = [value for value in accepted if value["id"] in present]
        before = {value["id"]: _columns(present[value["id"]]) for value in old}
        self.service.change_rows([present[value["id"]] for value in old], old)
        self.changed = {value["id"] for value in old if _columns(present[value["id"]]) != before[value["id"]]}
        new = [value for value in accepted if value["id"] not in present]
        self.new = {row["id"] for row in self.service.create_rows(new)}
        self.old = {value["id"]: present[value["id"]] for value in old}

    def _contradiction(self, value: dict[str, Any], row: Any) -> str:
        """Return why the changes of a row cannot all be; an empty text for a new row, which is taken as it stands."""
        changes = {} if row is None else {name: each for name, each in value.items() if getattr(row, name) != each}
        errors = self.service.rules.contradictions(changes)
        return "; ".join(f"{'.'.join(map(str, error.path or ()))}: {error.detail}" for error in errors)

    def _unique(self) -> list[str]:
        return [*self.service.unique, *(["slug"] if self.service.spec.slugged else [])]

    def _present(self, ids: list[UUID]) -> Sequence[Any]:
        model = self.service.model_type
        statement = select(model).where(model.id.in_(ids)).order_by(model.id).with_for_update()
        return self.session.execute(statement).scalars().all()

    def _holders(self, values: list[dict[str, Any]]) -> dict[tuple[str, Any], UUID]:
        """Return the id of the row that has each unique value, by (column, value)."""
        found: dict[tuple[str, Any], UUID] = {}
        model = self.service.model_type
        for name in self._unique():
            column = getattr(model, name)
            wanted = [value[name] for value in values if value.get(name) is not None]
            for item, holder in self.session.execute(select(column, model.id).where(column.in_(wanted))):
                found[name, item] = holder
        return found


class _NamedRestorer(_Restorer):
    """Rows with other names."""

    service: MergeableService[Any]

    def store(self, whole: Sequence[tuple[ExportedRow, int]]) -> None:
        """Store the lines as the others are, but those with an other name that another row has."""
        rows: list[Any] = [row for row, _ in whole]
        self._name_holders = self.service.name_holders(sorted({name for row in rows for name in row.names or ()}))
        self._names_held: dict[UUID, list[str]] = {}
        for name, holders in self._name_holders.items():
            for row_id in holders:
                self._names_held.setdefault(row_id, []).append(name)
        super().store(whole)

    def refusal(self, row: Any) -> str:
        # Not where it is the name of a row itself: that may have been created after this one had it.
        taken = [name for name in row.names or () if self._name_holders.get(name, set()) - {row.id}]
        return f"another {self.service.spec.noun} has the other name {', '.join(taken)}" if taken else ""

    def accept(self, row: Any) -> None:
        if row.names is not None:
            for name in self._names_held.pop(row.id, ()):
                self._name_holders[name].discard(row.id)
            for name in {*row.names} & self._name_holders.keys():
                self._name_holders[name].add(row.id)

    def store_lists(self, rows: Sequence[Any]) -> None:
        said = {row.id: set(row.names) for row in rows if row.names is not None}
        self.changed |= self.service.put_names(said) & self.old.keys()


class _BookRestorer(_Restorer):
    """Books with what belongs to them."""

    service: BookService

    def references(self, row: Any) -> list[tuple[type[Entity], UUID]]:
        return [
            *super().references(row),
            *((Author, item.author_id) for item in row.contributors),
            *((Series, item.series_id) for item in row.series or ()),
        ]

    def fault(self, row: Any) -> str | None:
        first = next((item.author_id for item in row.contributors if item.role == AUTHOR), None)
        if first != row.author_id:
            return "author_id is not the first author among the contributors"
        if len(set(_contributing(row))) < len(row.contributors):
            return "a contributor is named twice in one role"
        return None

    def _add_sources(self, rows: Sequence[Any]) -> None:
        wanted = {
            (row.id, source.digest): {"book_id": row.id, **source.model_dump()}
            for row in rows
            for source in row.sources or ()
        }
        there = select(BookSource.book_id, BookSource.digest).where(BookSource.book_id.in_([row.id for row in rows]))
        present = set(self.session.execute(there).tuples())
        bulk_insert(self.session, BookSource, [row for key, row in wanted.items() if key not in present])

    def _stored(self, ids: list[UUID]) -> dict[UUID, Book]:
        return {book.id: book for book in self.session.execute(select(Book).where(Book.id.in_(ids))).scalars()}

    def store_lists(self, rows: Sequence[Any]) -> None:
        names = sorted({name for row in rows for name in row.tags})
        # By the name of the line, which may be another name of the tag since it was merged.
        named = TagService(self.session, wrap_exceptions=False).named(names)
        tags = {name: tag.id for name, tag in zip(names, named, strict=True)}
        new = [row for row in rows if row.id in self.new]
        add_lists(self.session, [(row.id, _contributing(row), {tags[name] for name in row.tags}) for row in new])
        old = [(row, self.old[row.id]) for row in rows if row.id in self.old]
        if old:
            present = self.service.contributor_ids([book for _, book in old])
            contributing = {book: _contributing(row) for row, book in old}
            self.changed |= self.service.put_contributors(contributing, present)
            self.changed |= self.service.put_tags({book: {tags[name] for name in row.tags} for row, book in old})
        stored = self._stored([row.id for row in rows])
        said = [row for row in rows if row.identifiers is not None]
        self.changed |= self.service.put_identifiers({stored[row.id]: _identifiers(row) for row in said}) - self.new
        placed = [row for row in rows if row.series is not None]
        places = {stored[row.id]: {item.series_id: item.position for item in row.series} for row in placed}
        self.changed |= self.service.put_series(places) - self.new
        self._add_sources(rows)
        # Setting the lists counts as a change of the book; a restored book keeps the time that its line says.
        for row in rows:
            stored[row.id].updated_at = row.updated_at
        self.session.flush()


def _identifiers(row: Any) -> set[str]:
    return {f"{item.scheme}:{item.value}" for item in row.identifiers}


def _contributing(row: Any) -> list[Contributing]:
    return [(item.author_id, item.role) for item in row.contributors]


def _columns(row: Any) -> tuple[Any, ...]:
    return tuple(getattr(row, column.key) for column in row.__mapper__.column_attrs)
