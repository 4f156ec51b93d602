# Generated from core/aio/loading.py by tools/twins.py: do not edit, run "make twins".
"""Loading the records of a file: books that are new are created, those that are known take on what the file says."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.models import Author, Book
from core.rules.contributors import merged_contributors
from core.rules.text import sort_key
from core.sync.services.authors import AuthorService
from core.sync.services.books import BookService
from core.sync.services.tags import TagService
from core.transfer.records import BookRecord, Reject

Key = tuple[Any, ...]

IMPORTING = 0x64697074_696D70
"""The advisory lock of imports on PostgreSQL: "diptimp" in ASCII."""


@dataclass(slots=True)
class Outcome:
    """What became of some records."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    rejects: list[Reject] = field(default_factory=list)


def record_key(record: BookRecord) -> Key:
    """What tells the books of a file apart. No two records with one key may be loaded together."""
    if record.isbn is not None:
        return (record.isbn,)
    return (record.title, first_name(record), record.year)


def first_name(record: BookRecord) -> str:
    """The name of the first author."""
    return next(contributor.name for contributor in record.contributors if contributor.role == "author")


def load_books(session: Session, records: Sequence[BookRecord]) -> Outcome:
    """Load records with keys that differ, in one transaction: a fixed number of statements, however many they are.

    A book is known by its ISBN; one without, by its title, first author and year among the books without an ISBN.
    What a record does not say stays as it is.
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
        self.books = BookService(session)
        self.session = session
        self.outcome = Outcome()
        self._authors: dict[str, UUID] = {}
        self._ambiguous: dict[str, int] = {}
        self._by_isbn: dict[str, Book] = {}
        self._by_title: dict[Key, list[Book]] = {}

    def take_turns(self) -> None:
        """Wait for other imports: nothing else keeps two of them from creating one author twice."""
        if self.session.get_bind().dialect.name == "postgresql":
            self.session.execute(select(func.pg_advisory_xact_lock(IMPORTING)))

    def find_authors(self, records: Iterable[BookRecord]) -> None:
        """The ids of all authors by the names in these records."""
        rows = self.session.execute(select(Author.name, Author.id).where(Author.name.in_(_names(records))))
        found: dict[str, list[UUID]] = {}
        for name, author_id in rows:
            found.setdefault(name, []).append(author_id)
        self._authors = {name: ids[0] for name, ids in found.items() if len(ids) == 1}
        self._ambiguous = {name: len(ids) for name, ids in found.items() if len(ids) > 1}

    def create_authors(self, records: Iterable[BookRecord]) -> None:
        """Create those nobody has heard of, without a date of birth."""
        new = [{"name": name} for name in _names(records) if name not in self._authors]
        self._authors |= {author.name: author.id for author in AuthorService(self.session).insert(new)}

    def accepts_authors(self, record: BookRecord) -> bool:
        """Whether each name means one author; a reject where one does not."""
        several = {item.name for item in record.contributors} & self._ambiguous.keys()
        if several:
            told = "; ".join(f"there are {self._ambiguous[name]} authors called {name}" for name in sorted(several))
            self._reject(record, told)
        return not several

    def find_books(self, records: Sequence[BookRecord]) -> None:
        """The books these records may be about: two statements."""
        isbns = [record.isbn for record in records if record.isbn is not None]
        if isbns:
            rows = self.session.execute(select(Book).where(Book.isbn.in_(isbns)).with_for_update())
            self._by_isbn = {str(book.isbn): book for book in rows.scalars()}
        keys = {sort_key(record.title) for record in records if record.isbn is None}
        if keys:
            statement = select(Book).where(Book.sort_key.in_(keys), Book.isbn.is_(None)).with_for_update()
            for book in (self.session.execute(statement)).scalars():
                self._by_title.setdefault((book.title, book.author_id, book.year), []).append(book)

    def accepts_match(self, record: BookRecord) -> bool:
        """Whether at most one book is meant; a reject where it is more."""
        matches = self._matches(record)
        if len(matches) > 1:
            self._reject(record, f"it may be any of the books {', '.join(str(book.id) for book in matches)}")
        return len(matches) <= 1

    def write(self, records: Sequence[BookRecord]) -> None:
        """Create and update, then set contributors and tags."""
        known = {record.line: match[0] for record in records if (match := self._matches(record))}
        new = [record for record in records if record.line not in known]
        old = [record for record in records if record.line in known]
        before = {book.id: _columns(book) for book in known.values()}
        self.books.put([known[record.line] for record in old], [self._values(record) for record in old])
        created = self.books.insert([self._values(record) for record in new])
        books = known | {record.line: book for record, book in zip(new, created, strict=True)}
        changed = {book.id for book in known.values() if _columns(book) != before[book.id]}
        changed |= self._set_contributors(records, books)
        changed |= self._set_tags(records, books)
        self.outcome.created += len(new)
        updated = sum(known[record.line].id in changed for record in old)
        self.outcome.updated += updated
        self.outcome.unchanged += len(old) - updated

    def _set_contributors(self, records: Sequence[BookRecord], books: dict[int, Book]) -> set[UUID]:
        wanted = {
            books[record.line]: [(self._authors[item.name], item.role) for item in record.contributors]
            for record in records
        }
        present = self.books.contributor_ids(list(wanted))
        merged = {book: merged_contributors(present[book.id], given) for book, given in wanted.items()}
        return self.books.put_contributors(merged, present)

    def _set_tags(self, records: Sequence[BookRecord], books: dict[int, Book]) -> set[UUID]:
        wanted = {books[record.line]: record.tags for record in records if record.tags}
        names = list(dict.fromkeys(name for tags in wanted.values() for name in tags))
        ids = {tag.name: tag.id for tag in TagService(self.session).named(names)} if names else {}
        return self.books.put_tags({book: {ids[name] for name in tags} for book, tags in wanted.items()})

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
        }
        return {name: value for name, value in values.items() if value is not None}

    def _reject(self, record: BookRecord, reason: str) -> None:
        raw = {"title": record.title, "authors": [item.name for item in record.contributors], "isbn": record.isbn}
        self.outcome.rejects.append(Reject(record.line, reason, raw))


def _names(records: Iterable[BookRecord]) -> list[str]:
    return list(dict.fromkeys(item.name for record in records for item in record.contributors))


def _columns(book: Book) -> tuple[Any, ...]:
    return (book.title, book.author_id, book.isbn, book.year, book.language, book.description)
