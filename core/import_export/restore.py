"""Export and its reverse: every row of the catalogue as a line, and lines as rows again, ids and times included."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from diptych.core.catalogue.models import Author
from diptych.core.import_export.export_rows import AuthorCopy, BookCopy, TagCopy, author_line, book_line, tag_line
from diptych.core.import_export.import_books import Outcome, add_lists
from diptych.core.import_export.import_rows import Reject
from diptych.core.sync.services.authors import AuthorService
from diptych.core.sync.services.books import BookReader, BookService, Contributing
from diptych.core.sync.services.resource_service import CatalogueService
from diptych.core.sync.services.row_reader import Reader
from diptych.core.sync.services.tags import TagService
from diptych.core.sync.unit_of_work import Database

BATCH = 1000

Copies = Sequence[AuthorCopy | TagCopy | BookCopy]


def export_lines(database: Database) -> Iterator[dict[str, Any]]:
    """Every author, tag and book of one moment, in the order of their ids: what a line refers to comes before it."""
    with database.snapshot() as connection:
        for author in _rows(Reader(connection, AuthorService.spec)):
            yield author_line(author)
        for tag in _rows(Reader(connection, TagService.spec)):
            yield tag_line(tag)
        for book in _rows(BookReader(connection, BookService.spec)):
            contributors = [(item.author.id, item.role) for item in book.contributors]
            yield book_line(book, contributors, sorted(tag.name for tag in book.tags))


def _rows(reader: Reader) -> Iterator[Any]:
    last: UUID | None = None
    while True:
        rows = reader.page_after(last, BATCH)
        yield from rows
        if len(rows) < BATCH:
            return
        last = rows[-1].id


def restore(session: Session, copies: Copies, lines: Sequence[int]) -> Outcome:
    """Put rows of one kind back as they were exported, in one transaction.

    A row whose id is there is set to what its line says. One that cannot be, because another row has its slug, ISBN
    or name, or because an author it names is missing, is a reject.
    """
    match copies[0]:
        case AuthorCopy():
            return _Restoring(AuthorService(session, wrap_exceptions=False)).rows(copies, lines)
        case TagCopy():
            return _Restoring(TagService(session, wrap_exceptions=False)).rows(copies, lines)
        case BookCopy():
            return _restore_books(session, [copy for copy in copies if isinstance(copy, BookCopy)], lines)


class _Restoring:
    def __init__(self, service: CatalogueService[Any]) -> None:
        self.service = service
        self.outcome = Outcome()
        self.old: dict[UUID, Any] = {}
        self.new: set[UUID] = set()
        self.changed: set[UUID] = set()

    def rows(self, copies: Copies, lines: Sequence[int]) -> Outcome:
        self.store(copies, lines)
        return self.counted()

    def store(self, copies: Copies, lines: Sequence[int]) -> None:
        values = [copy.model_dump(exclude={"type", "contributors", "tags"}) for copy in copies]
        holders = self._holders(values)
        present = {row.id: row for row in self._present([value["id"] for value in values])}
        accepted = []
        for copy, value, line in zip(copies, values, lines, strict=True):
            owned = [name for name in self._unique() if holders.get((name, value[name]), value["id"]) != value["id"]]
            if owned:
                reason = f"another {self.service.spec.noun} has its {' and its '.join(owned)}"
                self.outcome.rejects.append(Reject(line, reason, copy.model_dump(mode="json")))
            else:
                accepted.append(value)
                holders |= {(name, value[name]): value["id"] for name in self._unique() if value[name] is not None}
        old = [value for value in accepted if value["id"] in present]
        before = {value["id"]: _columns(present[value["id"]]) for value in old}
        self.service.change_rows([present[value["id"]] for value in old], old)
        self.changed = {value["id"] for value in old if _columns(present[value["id"]]) != before[value["id"]]}
        new = [value for value in accepted if value["id"] not in present]
        self.new = {row["id"] for row in self.service.create_rows(new)}
        self.old = {value["id"]: present[value["id"]] for value in old}

    def counted(self) -> Outcome:
        self.outcome.created = len(self.new)
        self.outcome.updated = len(self.changed)
        self.outcome.unchanged = len(self.old) - self.outcome.updated
        return self.outcome

    def _unique(self) -> list[str]:
        return [*self.service.unique, *(["slug"] if self.service.spec.slugged else [])]

    def _present(self, ids: list[UUID]) -> Sequence[Any]:
        model = self.service.model_type
        return (
            (self.service.session.execute(select(model).where(model.id.in_(ids)).order_by(model.id).with_for_update()))
            .scalars()
            .all()
        )

    def _holders(self, values: list[dict[str, Any]]) -> dict[tuple[str, Any], UUID]:
        """(column, value) -> the row that has it."""
        found: dict[tuple[str, Any], UUID] = {}
        model = self.service.model_type
        for name in self._unique():
            column = getattr(model, name)
            wanted = [value[name] for value in values if value[name] is not None]
            for item, holder in self.service.session.execute(select(column, model.id).where(column.in_(wanted))):
                found[name, item] = holder
        return found


def _restore_books(session: Session, copies: Sequence[BookCopy], lines: Sequence[int]) -> Outcome:
    service = BookService(session, wrap_exceptions=False)
    restoring = _Restoring(service)
    wanted = {item.author_id for copy in copies for item in copy.contributors} | {copy.author_id for copy in copies}
    known = set((session.execute(select(Author.id).where(Author.id.in_(wanted)))).scalars())
    whole: list[tuple[BookCopy, int]] = []
    for copy, line in zip(copies, lines, strict=True):
        missing = {copy.author_id, *(item.author_id for item in copy.contributors)} - known
        first = next((item.author_id for item in copy.contributors if item.role == "author"), None)
        if missing:
            reason = f"there is no author {', '.join(sorted(str(item) for item in missing))}"
        elif first != copy.author_id:
            reason = "author_id is not the first author among the contributors"
        elif len({(item.author_id, item.role) for item in copy.contributors}) < len(copy.contributors):
            reason = "a contributor is named twice in one role"
        else:
            whole.append((copy, line))
            continue
        restoring.outcome.rejects.append(Reject(line, reason, copy.model_dump(mode="json")))
    restoring.store([copy for copy, _ in whole], [line for _, line in whole])
    stored = [copy for copy, _ in whole if copy.id in restoring.new | restoring.old.keys()]
    names = sorted({name for copy in stored for name in copy.tags})
    tags = {tag.name: tag.id for tag in TagService(session, wrap_exceptions=False).named(names)}
    add_lists(
        session,
        [
            (copy.id, _contributing(copy), {tags[name] for name in copy.tags})
            for copy in stored
            if copy.id in restoring.new
        ],
    )
    old = [(copy, restoring.old[copy.id]) for copy in stored if copy.id in restoring.old]
    if old:
        present = service.contributor_ids([book for _, book in old])
        lists = {book: _contributing(copy) for copy, book in old}
        restoring.changed |= service.put_contributors(lists, present)
        tagged = {book: {tags[name] for name in copy.tags} for copy, book in old}
        restoring.changed |= service.put_tags(tagged)
    # Setting the lists counts as a change of the book; a restored book keeps the time that its line says.
    for copy, book in old:
        book.updated_at = copy.updated_at
    session.flush()
    return restoring.counted()


def _contributing(copy: BookCopy) -> list[Contributing]:
    return [(item.author_id, item.role) for item in copy.contributors]


def _columns(row: Any) -> tuple[Any, ...]:
    return tuple(getattr(row, column.key) for column in row.__mapper__.column_attrs)
