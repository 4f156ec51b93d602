"""Load the records of a file: create new books, and update existing ones."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal
from uuid import UUID

from msgspec.structs import replace
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from diptych.core.catalogue.books.contributors import first_author, merged_contributors
from diptych.core.catalogue.books.model import Book, BookContributor, BookIdentifier, BookSeries, BookSource, BookTag
from diptych.core.catalogue.books.schemas import BookInput
from diptych.core.catalogue.series.rules import position_number
from diptych.core.engine.entity import now
from diptych.core.engine.row_statements import VALUES, in_batch
from diptych.core.engine.text_normalization import sort_key
from diptych.core.formats.record import BookRecord, Reject
from diptych.core.import_export.duplicate_detector import DuplicateDetector
from diptych.core.import_export.import_authors import ImportAuthors
from diptych.core.import_export.import_names import (
    find_or_create_publishers,
    find_or_create_series,
    find_or_create_tags,
)
from diptych.core.sync.bulk_insert import bulk_insert
from diptych.core.sync.services.books import BookService, Contributing

MatchKey = tuple[Any, ...]
OnConflict = Literal["keep", "fill", "replace"]
"""What becomes of a book that exists: nothing, it gets values where it has none, or those of the record."""

BY_ISBN = select(Book).where(in_batch(Book.isbn)).with_for_update()
# Not IS NULL, for which PostgreSQL could use the partial index of books without an ISBN: these may be very many.
BY_TITLE = select(Book).where(in_batch(Book.sort_key), func.coalesce(Book.isbn, "") == "").with_for_update()

IMPORTING = 0x64697074_696D70
"""The advisory lock of imports on PostgreSQL: "diptimp" in ASCII."""


@dataclass(slots=True)
class Outcome:
    """The outcome of loading some records.

    named_otherwise: arguments of DuplicateDetector.check for the books that later records may give under another name
    of their author.
    """

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    rejects: list[Reject] = field(default_factory=list)
    named_otherwise: list[tuple[object, object, int]] = field(default_factory=list)


def record_key(record: BookRecord) -> MatchKey:
    """Return the key by which a file's books are distinguished. No two records with one key may be loaded together."""
    if record.isbn is not None:
        return (record.isbn,)
    return (record.title, first_name(record), record.year)


def first_name(record: BookRecord) -> str | None:
    """Return the name of the first author, None for a book without one."""
    return next((contributor.name for contributor in record.contributors if contributor.role == "author"), None)


def load_books(
    session: Session,
    records: Sequence[BookRecord],
    on_conflict: OnConflict = "replace",
    loaded: DuplicateDetector | None = None,
) -> Outcome:
    """Load records with different keys, in one transaction, by a fixed number of statements.

    loaded: what earlier transactions have loaded of this file, of Outcome.named_otherwise.

    A book is found by its ISBN; one without, by its title, first author and year among the books without an ISBN.
    Fields that a record does not have keep their values; tags, identifiers and series are added to those of the book.
    """
    loading = _Loading(session, records, on_conflict)
    records = [record for record in records if loading.accepts_authors(record)]
    loading.find_books(records)
    records = [record for record in records if loading.accepts_match(record) and loading.is_first(record, loaded)]
    loading.write(records)
    loading.outcome.named_otherwise = loading.named_otherwise()
    return loading.outcome


def named_otherwise(session: Session, records: Sequence[BookRecord]) -> list[tuple[object, object, int]]:
    """Return Outcome.named_otherwise of records that earlier transactions have loaded. It writes nothing."""
    loading = _Loading(session, records, "keep")
    for record in records:
        loading.take_as_loaded(record)
    return loading.named_otherwise()


class _Loading:
    def __init__(self, session: Session, records: Sequence[BookRecord], on_conflict: OnConflict) -> None:
        self.books = BookService(session, wrap_exceptions=False)
        self.session = session
        self.on_conflict = on_conflict
        self.outcome = Outcome()
        self.take_turns()
        self.authors = ImportAuthors(session, records)
        self._by_isbn: dict[str, Book] = {}
        self._by_title: dict[MatchKey, list[Book]] = {}
        self._loaded: dict[MatchKey, BookRecord] = {}
        self._with_other_names = self.authors.with_other_names()

    def take_turns(self) -> None:
        """Wait for other imports, as two at once could create one author twice."""
        if self.session.get_bind().dialect.name == "postgresql":
            # PostgreSQL has no statistics of newly filled tables, and would scan them sequentially.
            whole = func.set_config("enable_seqscan", "off", True)
            self.session.execute(select(func.pg_advisory_xact_lock(IMPORTING), whole))

    def accepts_authors(self, record: BookRecord) -> bool:
        """Return whether no name matches several authors; else record a reject."""
        ambiguity = self.authors.ambiguity(record)
        if ambiguity:
            self._reject(record, ambiguity)
        return not ambiguity

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

    def is_first(self, record: BookRecord, loaded: DuplicateDetector | None) -> bool:
        """Return whether no earlier record is of the same book under another name of its author; else record why not.

        A book with an ISBN, or without an author, has one key whatever names its people have.
        """
        author_id = self._first_author(record)
        if record.isbn is not None or author_id is None:
            return True
        key = (record.title, author_id, record.year)
        earlier = self._loaded.setdefault(key, record)
        if earlier is not record:
            same, line = self._content(earlier) == self._content(record), earlier.line
        elif author_id in self._with_other_names and loaded and (found := loaded.find(key, self._content(record))):
            same, line = found[0] == "same", found[1]
            # The book is the earlier record's.
            del self._loaded[key]
        else:
            return True
        if same:
            self.outcome.unchanged += 1
        else:
            self._reject(record, f"line {line} says otherwise of the same book, by another name of its author")
        return False

    def take_as_loaded(self, record: BookRecord) -> None:
        """Note a record as `is_first` does that has been loaded."""
        author_id = self._first_author(record)
        if record.isbn is None and author_id is not None:
            self._loaded.setdefault((record.title, author_id, record.year), record)

    def named_otherwise(self) -> list[tuple[object, object, int]]:
        """Return what has been loaded of authors with several names. After `write`, which creates the people."""
        return [
            (key, self._content(record), record.line)
            for key, record in self._loaded.items()
            if key[1] in self._with_other_names
        ]

    def _content(self, record: BookRecord) -> tuple[BookRecord, list[Any]]:
        """Return what a record says, whatever names its people have."""
        people = [(self.authors.id_of(item) or item, item.role) for item in record.contributors]
        return replace(record, line=0, record_id=None, source=None, contributors=()), people

    def write(self, records: Sequence[BookRecord]) -> None:
        """Create and update the books, with what belongs to them."""
        known = {record.line: match[0] for record in records if (match := self._matches(record))}
        if self.on_conflict == "keep":
            self.outcome.unchanged += len(known)
            records = [record for record in records if record.line not in known]
        self.authors.prepare(records)
        self._publishers = find_or_create_publishers(self.session, [each.publisher for each in records])
        self._series = find_or_create_series(self.session, [each.name for record in records for each in record.series])
        self._tags = find_or_create_tags(self.session, [tag for record in records for tag in record.tags])
        self._create([record for record in records if record.line not in known])
        self._update([(known[record.line], record) for record in records if record.line in known])

    def _create(self, records: Sequence[BookRecord]) -> None:
        ids = [book["id"] for book in self.books.create_rows([self._values(record) for record in records])]
        made = list(zip(ids, records, strict=True))
        add_lists(self.session, [(book_id, self._contributing(each), self._tag_ids(each)) for book_id, each in made])
        identifiers = [
            {"book_id": book_id, "identifier": identifier}
            for book_id, record in made
            for identifier in _identifiers(record)
        ]
        bulk_insert(self.session, BookIdentifier, identifiers)
        places = [
            {"book_id": book_id, "series_id": series_id, "position": position, "number": position_number(position)}
            for book_id, record in made
            for series_id, position in self._places(record).items()
        ]
        bulk_insert(self.session, BookSeries, places)
        self._add_sources(made)
        self.outcome.created += len(ids)

    def _update(self, known: Sequence[tuple[Book, BookRecord]]) -> None:
        if not known:
            return
        books = [book for book, _ in known]
        before = {book.id: _columns(book) for book in books}
        present = self.books.contributor_ids(books)
        self.books.change_rows(books, [self._changes(book, record, present[book.id]) for book, record in known])
        changed = {book.id for book in books if _columns(book) != before[book.id]}
        merged = {
            book: merged_contributors(present[book.id], self._contributing(record))
            for book, record in known
            if self.on_conflict == "replace" or not present[book.id]
        }
        changed |= self.books.put_contributors(merged, present)
        changed |= self.books.add_tags({book: self._tag_ids(record) for book, record in known if record.tags})
        changed |= self.books.add_identifiers(
            {book: _identifiers(record) for book, record in known if record.identifiers}
        )
        places = {book: self._places(record) for book, record in known if record.series}
        changed |= self.books.add_series(places, fill=self.on_conflict == "fill")
        self._add_sources([(book.id, record) for book, record in known])
        self.outcome.updated += len(changed)
        self.outcome.unchanged += len(known) - len(changed)

    def _changes(self, book: Book, record: BookRecord, present: Sequence[Contributing]) -> dict[str, Any]:
        values = self._values(record)
        if self.on_conflict == "fill":
            missing = {name: value for name, value in values.items() if getattr(book, name) is None}
            if present:
                missing.pop("author_id", None)
            if book.year not in (None, record.year):
                missing.pop("published", None)
            return missing
        if record.published is None and record.year == book.year:
            # A year alone would take away a date of that year, which says more.
            values.pop("year", None)
        return values

    def _add_sources(self, loaded: Sequence[tuple[UUID, BookRecord]]) -> None:
        """Note which record a book came from, once."""
        rows = {
            (book_id, record.source.digest): {
                "book_id": book_id,
                "digest": record.source.digest,
                "format": record.source.format,
                "record_id": record.record_id,
                "imported_at": now(),
            }
            for book_id, record in loaded
            if record.source is not None
        }
        if not rows:
            return
        of_books = select(BookSource.book_id, BookSource.digest).where(in_batch(BookSource.book_id))
        there = set(self.session.execute(of_books, {VALUES: [book_id for book_id, _ in rows]}).tuples())
        bulk_insert(self.session, BookSource, [row for key, row in rows.items() if key not in there])

    def _contributing(self, record: BookRecord) -> list[Contributing]:
        # The name of a person in two spellings is one person in a role.
        pairs = [(self.authors.id_of(item), item.role) for item in record.contributors]
        return list(dict.fromkeys((author_id, role) for author_id, role in pairs if author_id is not None))

    def _tag_ids(self, record: BookRecord) -> set[UUID]:
        return {self._tags[tag.name] for tag in record.tags}

    def _places(self, record: BookRecord) -> dict[UUID, str | None]:
        return {self._series[each.name]: each.position for each in record.series}

    def _matches(self, record: BookRecord) -> list[Book]:
        if record.isbn is not None:
            return [self._by_isbn[record.isbn]] if record.isbn in self._by_isbn else []
        author_id = self._first_author(record)
        if author_id is None and first_name(record) is not None:
            return []  # its author does not exist yet, unlike a book without an author
        return self._by_title.get((record.title, author_id, record.year), [])

    def _first_author(self, record: BookRecord) -> UUID | None:
        first = next((item for item in record.contributors if item.role == "author"), None)
        return None if first is None else self.authors.id_of(first)

    def _values(self, record: BookRecord) -> dict[str, Any]:
        values = {name: getattr(record, name) for name in _OWN_COLUMNS}
        values |= {"author_id": self._first_author(record), **record.further}
        if record.publisher is not None:
            values["publisher_id"] = self._publishers[record.publisher]
        return {name: value for name, value in values.items() if value is not None}

    def _reject(self, record: BookRecord, reason: str) -> None:
        raw = {"title": record.title, "authors": [item.name for item in record.contributors], "isbn": record.isbn}
        self.outcome.rejects.append(Reject(record.line, reason, raw))


_OWN_COLUMNS = tuple(name for name in BookInput.model_fields if name in BookRecord.__struct_fields__)


def _identifiers(record: BookRecord) -> set[str]:
    return {f"{each.scheme}:{each.value}" for each in record.identifiers}


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
