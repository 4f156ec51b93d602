# Generated from core/aio/services/book_editing.py by tools/unasync.py: do not edit, run "make twins".
"""A whole book at once: its columns, and everything that belongs to it, in one transaction."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from uuid import UUID

from msgspec import UNSET, Struct, UnsetType
from sqlalchemy.orm import Session

from diptych.core.catalogue.books import queries
from diptych.core.catalogue.books.model import Book
from diptych.core.catalogue.tags.model import Tag
from diptych.core.errors import CatalogueError, naming_no_item
from diptych.core.sync.services.authors import AuthorService
from diptych.core.sync.services.books import BookReader, BookService
from diptych.core.sync.services.named_rows import NamedRow, ids_of
from diptych.core.sync.services.publishers import PublisherService
from diptych.core.sync.services.series import SeriesService
from diptych.core.sync.services.tags import TagService
from diptych.core.sync.statement_executor import executor_of


class WholeBook(Struct, frozen=True):
    """A book as people type it, with names of rows in place of their ids; what is unset stays as it is.

    columns: without author_id and publisher_id. contributors: each with a role, in order. series: each with a position.
    identifiers: pairs of a scheme and a value as it is kept.
    """

    columns: Mapping[str, Any]
    publisher: NamedRow | UnsetType | None = UNSET
    contributors: Sequence[tuple[NamedRow, str]] | UnsetType = UNSET
    tags: Sequence[str] | UnsetType = UNSET
    series: Sequence[tuple[NamedRow, str | None]] | UnsetType = UNSET
    identifiers: Sequence[tuple[str, str]] | UnsetType = UNSET


class ManyBooks(Struct, frozen=True):
    """What is done with many books. columns: to set. publisher: None to leave it. add_tags, remove_tags: names."""

    columns: Mapping[str, Any]
    publisher: NamedRow | None = None
    add_tags: Sequence[str] = ()
    remove_tags: Sequence[str] = ()


class BookEditor:
    """Writes whole books. Publishers, authors, series and tags that do not exist yet are created."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.books = BookService(session, wrap_exceptions=False)

    def create(self, book: WholeBook) -> Book:
        """Create a book. Errors: AmbiguousNames, ValidationFailed, Conflict; paths are those of a WholeBook."""
        columns = {"author_id": None, **self._columns(book)}
        with naming_no_item():
            (row,) = self.books.create_many([columns])
        self._write_parts(row, book)
        return row

    def change(self, row: Book, book: WholeBook) -> None:
        """Change a book that is locked. Errors: as `create`."""
        columns = self.books.rules.normalized(self._columns(book))
        if columns:
            with naming_no_item():
                self.books.check_unique(self.books.unique, [columns], [row.id], [0])
            self.books.set_columns([row], [self.books.rules.checked(columns)])
        self._write_parts(row, book)

    def change_many(self, ids: Sequence[UUID], wanted: ManyBooks) -> int:
        """Change those of the books that exist; return how many changed. Errors: AmbiguousNames, ValidationFailed."""
        columns = self.books.rules.normalized(dict(wanted.columns))
        if wanted.publisher is not None:
            columns["publisher_id"] = (ids_of(self._service(PublisherService), [wanted.publisher]))[0]
        rows = self.books.locked(ids)
        changed = {row.id for row in rows if any(getattr(row, name) != value for name, value in columns.items())}
        self.books.set_columns(rows, [columns] * len(rows))
        tags: TagService = self._service(TagService)
        added = {tag.id for tag in tags.named(list(dict.fromkeys(wanted.add_tags)))}
        gone = tags.get_many(Tag.name.in_(wanted.remove_tags)) if wanted.remove_tags else []
        removed = {tag.id for tag in gone}
        if added or removed:
            has = BookReader(executor_of(self.session), queries.spec).tags_of([row.id for row in rows])
            changed |= self.books.put_tags({
                row: ({tag.id for tag in has[row.id]} - removed) | added for row in rows
            })  # fmt: skip
        return len(changed)

    def _columns(self, book: WholeBook) -> dict[str, Any]:
        columns = dict(book.columns)
        if book.publisher is None:
            columns["publisher_id"] = None
        elif not isinstance(book.publisher, UnsetType):
            columns["publisher_id"] = (ids_of(self._service(PublisherService), [book.publisher]))[0]
        return columns

    def _write_parts(self, row: Book, book: WholeBook) -> None:
        if not isinstance(book.contributors, UnsetType):
            ids = ids_of(self._service(AuthorService), [author for author, _ in book.contributors])
            roles = [role for _, role in book.contributors]
            with _naming("contributors", "name"):
                self.books.set_contributors(row.id, [*zip(ids, roles, strict=True)])
        if not isinstance(book.series, UnsetType):
            ids = ids_of(self._service(SeriesService), [series for series, _ in book.series])
            with _naming("series", "name"):
                self.books.set_series(row.id, [(item, at) for item, (_, at) in zip(ids, book.series, strict=True)])
        if not isinstance(book.identifiers, UnsetType):
            with _naming("identifiers", "value"):
                self.books.set_identifiers(row.id, book.identifiers)
        if not isinstance(book.tags, UnsetType):
            self.books.set_tags(row.id, book.tags)

    def _service(self, kind: Any) -> Any:
        return kind(self.session, wrap_exceptions=False)


@contextmanager
def _naming(part: str, member: str) -> Iterator[None]:
    """Have the faults of a list be those of a part of a book, in one member of its items."""
    try:
        yield
    except CatalogueError as error:
        error.field_errors = tuple(
            replace(each, path=(part, *(each.path or ())[1:2], member)) for each in error.field_errors
        )
        raise
