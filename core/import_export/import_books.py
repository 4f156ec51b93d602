"""Load the records of a file: create new books, and update existing ones."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from diptych.core.catalogue.authors.model import Author
from diptych.core.catalogue.books.contributors import first_author, merged_contributors
from diptych.core.catalogue.books.model import Book, BookContributor, BookTag
from diptych.core.catalogue.books.schemas import BookInput
from diptych.core.catalogue.tags.model import Tag
from diptych.core.engine.row_statements import VALUES, in_values
from diptych.core.engine.text_normalization import sort_key
from diptych.core.import_export.import_rows import BookRecord, Reject
from diptych.core.sync.bulk_insert import bulk_insert
from diptych.core.sync.services.authors import AuthorService
from diptych.core.sync.services.books import BookService, Contributing
from diptych.core.sync.services.tags import TagService

MatchKey = tuple[Any, ...]

AUTHORS = select(Author.name, Author.id).where(in_values(Author.name))
TAGS = select(Tag.name, Tag.id).where(in_values(Tag.name))
BY_ISBN = select(Book).where(in_values(Book.isbn)).with_for_update()
# Not IS NULL, for which PostgreSQL could use the partial index of books without an ISBN: these may be very many.
BY_TITLE = select(Book).where(in_values(Book.sort_key), func.coalesce(Book.isbn, "") == "").with_for_update()

IMPORTING = 0x64697074_696D70
"""The advisory lock of imports on PostgreSQL: "diptimp" in ASCII."""


@dataclass(slots=True)
class Outcome:
    """The outcome of loading some records."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    rejects: list[Reject] = field(default_factory=list)


def record_key(record: BookRecord) -> MatchKey:
    """Return the key by which a file's books are distinguished. No two records with one key may be loaded together."""
    if record.isbn is not None:
        return (record.isbn,)
    return (record.title, first_name(record), record.year)


def first_name(record: BookRecord) -> str:
    """Return the name of the first author."""
    return next(contributor.name for contributor in record.contributors if contributor.role == "author")


def load_books(session: Session, records: Sequence[BookRecord]) -> Outcome:
    """Load records with different keys, in one transaction, by a fixed number of statements.

    A book is found by its ISBN; one without, by its title, first author and year among the books without an ISBN.
    Fields that a record does not have keep their values.
    """
    loading = _Loading(session)
    loading.take_turns()
    loading.find_authors(records)
    records = [record for record in records if loading.accepts_authors(record)]
    loading.find_books(records)
    records = [record for record in records if loading.accepts_match(record)]
    loading.create_authors(records)
    loading.write(records)
    return loading.outcome


class _Loading:
    def __init__(self, session: Session) -> None:
        self.books = BookService(session, wrap_exceptions=False)
        self.session = session
        self.outcome = Outcome()
        self._authors: dict[str, UUID] = {}
        self._ambiguous: dict[str, int] = {}
        self._by_isbn: dict[str, Book] = {}
        self._by_title: dict[MatchKey, list[Book]] = {}

    def take_turns(self) -> None:
        """Wait for other imports, as two at once could create one author twice."""
        if self.session.get_bind().dialect.name == "postgresql":
            # PostgreSQL has no statistics of newly filled tables, and would scan them sequentially.
            whole = func.set_config("enable_seqscan", "off", True)
            self.session.execute(select(func.pg_advisory_xact_lock(IMPORTING), whole))

    def find_authors(self, records: Iterable[BookRecord]) -> None:
        """Find the ids of all authors by the names in these records."""
        found: dict[str, list[UUID]] = {}
        for name, author_id in self.session.execute(AUTHORS, {VALUES: _names(records)}):
            found.setdefault(name, []).append(author_id)
        self._authors = {name: ids[0] for name, ids in found.items() if len(ids) == 1}
        self._ambiguous = {name: len(ids) for name, ids in found.items() if len(ids) > 1}

    def create_authors(self, records: Iterable[BookRecord]) -> None:
        """Create the authors that do not exist, without a date of birth."""
        new = [{"name": name} for name in _names(records) if name not in self._authors]
        made = AuthorService(self.session, wrap_exceptions=False).create_rows(new)
        self._authors |= {author["name"]: author["id"] for author in made}

    def accepts_authors(self, record: BookRecord) -> bool:
        """Return whether no name matches several authors; else record a reject."""
        several = self._ambiguous and {item.name for item in record.contributors} & self._ambiguous.keys()
        if several:
            told = "; ".join(f"there are {self._ambiguous[name]} authors called {name}" for name in sorted(several))
            self._reject(record, told)
        return not several

    def find_books(self, records: Sequence[BookRecord]) -> None:
        """Find the books that these records may match, by two statements."""
        isbns = [record.isbn for record in records if record.isbn is not None]
        if isbns:
            rows = self.session.execute(BY_ISBN, {VALUES: isbns})
            self._by_isbn = {str(book.isbn): book for book in rows.scalars()}
        keys = {sort_key(record.title) for record in records if record.isbn is None}
        if keys:
            for book in (self.session.execute(BY_TITLE, {VALUES: list(keys)})).scalars():
                self._by_title.setdefault((book.title, book.author_id, book.year), []).append(book)

    def accepts_match(self, record: BookRecord) -> bool:
        """Return whether at most one book matches; else record a reject."""
        matches = self._matches(record)
        if len(matches) > 1:
            self._reject(record, f"it may be any of the books {', '.join(str(book.id) for book in matches)}")
        return len(matches) <= 1

    def write(self, records: Sequence[BookRecord]) -> None:
        """Create and update the books, with contributors and tags."""
        known = {record.line: match[0] for record in records if (match := self._matches(record))}
        tags = self._tags(records)
        self._create([record for record in records if record.line not in known], tags)
        self._update([(known[record.line], record) for record in records if record.line in known], tags)

    def _create(self, records: Sequence[BookRecord], tags: Mapping[str, UUID]) -> None:
        ids = [book["id"] for book in self.books.create_rows([self._values(record) for record in records])]
        add_lists(
            self.session,
            [
                (book_id, self._contributing(record), [tags[name] for name in record.tags])
                for book_id, record in zip(ids, records, strict=True)
            ],
        )
        self.outcome.created += len(ids)

    def _update(self, known: Sequence[tuple[Book, BookRecord]], tags: Mapping[str, UUID]) -> None:
        if not known:
            return
        before = {book.id: _columns(book) for book, _ in known}
        self.books.change_rows([book for book, _ in known], [self._values(record) for _, record in known])
        changed = {book.id for book, _ in known if _columns(book) != before[book.id]}
        present = self.books.contributor_ids([book for book, _ in known])
        merged = {book: merged_contributors(present[book.id], self._contributing(record)) for book, record in known}
        changed |= self.books.put_contributors(merged, present)
        tagged = {book: {tags[name] for name in record.tags} for book, record in known if record.tags}
        changed |= self.books.put_tags(tagged)
        self.outcome.updated += len(changed)
        self.outcome.unchanged += len(known) - len(changed)

    def _tags(self, records: Iterable[BookRecord]) -> dict[str, UUID]:
        """Return the ids of the tags in these records; create those that do not exist."""
        # All writers use one order: two of them then wait for each other instead of deadlocking.
        names = sorted({name for record in records for name in record.tags})
        if not names:
            return {}
        found = dict((self.session.execute(TAGS, {VALUES: names})).tuples().all())
        missing = [{"name": name} for name in names if name not in found]
        made = TagService(self.session, wrap_exceptions=False).create_rows(missing)
        return found | {tag["name"]: tag["id"] for tag in made}

    def _contributing(self, record: BookRecord) -> list[Contributing]:
        return [(self._authors[item.name], item.role) for item in record.contributors]

    def _matches(self, record: BookRecord) -> list[Book]:
        if record.isbn is not None:
            return [self._by_isbn[record.isbn]] if record.isbn in self._by_isbn else []
        return self._by_title.get((record.title, self._authors.get(first_name(record)), record.year), [])

    def _values(self, record: BookRecord) -> dict[str, Any]:
        values = {
            "title": record.title,
            "author_id": self._authors[first_name(record)],
            "isbn": record.isbn,
            "year": record.year,
            "language": record.language,
            "description": record.description,
            **record.further,
        }
        return {name: value for name, value in values.items() if value is not None}

    def _reject(self, record: BookRecord, reason: str) -> None:
        raw = {"title": record.title, "authors": [item.name for item in record.contributors], "isbn": record.isbn}
        self.outcome.rejects.append(Reject(record.line, reason, raw))


def _names(records: Iterable[BookRecord]) -> list[str]:
    return list(dict.fromkeys(item.name for record in records for item in record.contributors))


def add_lists(session: Session, books: Iterable[tuple[UUID, Sequence[Contributing], Iterable[UUID]]]) -> None:
    """Insert the contributors and the tags of new books, which have none yet."""
    others: list[dict[str, Any]] = []
    tagged: list[dict[str, Any]] = []
    for book_id, contributing, tags in books:
        first = first_author([role for _, role in contributing])
        others += [
            {"book_id": book_id, "position": position, "author_id": author_id, "role": role}
            for position, (author_id, role) in enumerate(contributing)
            if position != first
        ]
        tagged += [{"book_id": book_id, "tag_id": tag_id} for tag_id in tags]
    bulk_insert(session, BookContributor, others)
    bulk_insert(session, BookTag, tagged)


def _columns(book: Book) -> tuple[Any, ...]:
    return tuple(getattr(book, name) for name in BookInput.model_fields)
