# Generated from core/aio/services/books.py by tools/unasync.py: do not edit, run "make twins".
"""Books, their tags and their contributors."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from functools import cached_property
from operator import attrgetter
from typing import Any, cast
from uuid import UUID

from msgspec.structs import replace
from sqlalchemy import delete, insert, inspect, select, tuple_

from diptych.core.catalogue.authors import queries as author_queries
from diptych.core.catalogue.authors.model import Author
from diptych.core.catalogue.authors.schemas import AuthorReference
from diptych.core.catalogue.books import queries, schemas
from diptych.core.catalogue.books.contributors import AUTHOR, first_author, with_first_author
from diptych.core.catalogue.books.model import Book, BookContributor, BookTag
from diptych.core.catalogue.tags import queries as tag_queries
from diptych.core.catalogue.tags import schemas as tag_schemas
from diptych.core.engine.entity import Entity, now
from diptych.core.engine.row_dml import missing_reference
from diptych.core.engine.row_statements import VALUE, VALUES
from diptych.core.engine.schemas.pagination import Page
from diptych.core.errors import FieldError, ValidationFailed
from diptych.core.refusals import NoSuchReference
from diptych.core.sync.services.resource_service import BatchIndexes, CatalogueService, SlugRepository
from diptych.core.sync.services.row_reader import Reader, row_not_found
from diptych.core.sync.services.row_writer import Values, Writer
from diptych.core.sync.services.tags import TagService
from diptych.core.sync.statement_executor import executor_of

Contributing = tuple[UUID, str]
"""An author's id and the role."""


class BookReader(Reader):
    """Books, with their tags and contributors."""

    def tags(self, book_id: UUID) -> list[tag_schemas.Tag]:
        """Return the tags of a book, by name. Errors: NotFound."""
        self.ensure_exists(book_id)
        return (self.tags_of([book_id]))[book_id]

    def contributors(self, book_id: UUID) -> list[schemas.Contributor]:
        """Return the contributors of a book, in order. Errors: NotFound."""
        book = cast("schemas.Book", self.fetch("id", book_id))
        return (self._contributors([book]))[book_id]

    def page_after(self, last: UUID | None, limit: int) -> list[schemas.Book]:
        return self.including(super().page_after(last, limit), ("tags", "contributors"))

    def fetch_including(self, column: str, value: Any, include: Collection[str]) -> schemas.Book:
        """Return the book with a value in a unique column, with what `include` names. Errors: NotFound."""
        if set(include) != {"tags"}:
            return (self.including([self.fetch(column, value)], include))[0]
        rows = self.executor.all(queries.one_with_tags(column), {VALUE: value})
        if not rows:
            raise row_not_found(self.spec)
        return queries.represent_with_tags(rows)

    def including(self, books: Sequence[schemas.Book], include: Collection[str]) -> list[schemas.Book]:
        """Return the books with their tags or contributors, by one statement for each of the two."""
        if not books or not include:
            return [*books]
        ids = [book.id for book in books]
        added: dict[UUID, dict[str, Any]] = {book_id: {} for book_id in ids}
        if "tags" in include:
            for book_id, tags in (self.tags_of(ids)).items():
                added[book_id]["tags"] = tags
        if "contributors" in include:
            for book_id, contributors in (self._contributors(books)).items():
                added[book_id]["contributors"] = contributors
        return [schemas.extended(book, added[book.id]) for book in books]

    def page_including(self, query: Any, **scope: Any) -> Page[Any]:
        """Return a page of books within a scope, with what the query's `include` names."""
        page = self.page(query, **scope)
        return replace(page, items=self.including(page.items, query.include)) if query.include else page

    def tags_of(self, book_ids: Sequence[UUID]) -> dict[UUID, list[tag_schemas.Tag]]:
        """Return the tags of each book, by name."""
        found: dict[UUID, list[tag_schemas.Tag]] = {book_id: [] for book_id in book_ids}
        for book_id, *columns in self.executor.all(tag_queries.OF_BOOKS, {VALUES: list(book_ids)}):
            found[book_id].append(tag_schemas.Tag(*columns))
        return found

    def _contributors(self, books: Sequence[schemas.Book]) -> dict[UUID, list[schemas.Contributor]]:
        others: dict[UUID, list[tuple[int, schemas.Contributor]]] = {book.id: [] for book in books}
        rows = self.executor.all(queries.OTHER_CONTRIBUTORS, {VALUES: list(others)})
        for book_id, position, role, *author in rows:
            others[book_id].append((position, schemas.Contributor(role, AuthorReference(*author))))
        return {book.id: with_first_author(schemas.Contributor(AUTHOR, book.author), others[book.id]) for book in books}


class BookWriter(Writer):
    """One book at a time."""

    def apply_changes(self, item_id: UUID, values: Values) -> Any | None:
        book = super().apply_changes(item_id, values)
        if book is not None and "author_id" in values:
            # Remove the new first author from the other contributors.
            self.executor.run(queries.SUPERSEDED, {"book": item_id, "author": values["author_id"]})
        return book


class BookService(CatalogueService[Book]):
    """Books."""

    class Repo(SlugRepository[Book]):
        """The book table."""

        model_type = Book

    repository_type = Repo
    spec = queries.spec
    reader = BookReader
    writer = BookWriter
    match_fields = ["isbn"]  # noqa: RUF012 - as the library declares it

    @cached_property
    def _authors(self) -> dict[UUID, AuthorReference]:
        return {}

    @cached_property
    def _reassigned(self) -> set[UUID]:
        """The ids of books with a first author that was changed on the instance and flushed since."""
        return set()

    def represent(self, items: Sequence[Book]) -> list[schemas.Book]:
        authors = self._references({item.author_id for item in items})
        own = attrgetter(*self.spec.columns)
        make: Any = schemas.Book
        return [make(*own(item), authors[item.author_id]) for item in items]

    def existing(self, model: type[Entity], ids: AbstractSet[UUID]) -> AbstractSet[UUID]:
        # Loads the names too: the response to a write contains the author.
        return (self._references({*ids})).keys() if model is Author else super().existing(model, ids)

    def _references(self, ids: set[UUID]) -> dict[UUID, AuthorReference]:
        """Return the authors of these ids that exist. One statement loads those that are not cached."""
        if unseen := ids - self._authors.keys():
            rows = self.session.execute(author_queries.REFERENCES, {VALUES: list(unseen)})
            self._authors.update({row.id: AuthorReference(*row) for row in rows})
        return {item_id: self._authors[item_id] for item_id in ids if item_id in self._authors}

    @contextmanager
    def wrapping(self, error_messages: Any) -> Iterator[None]:
        # Authors that an earlier call has cached may no longer exist: after a rollback, or because they were deleted.
        self._authors.clear()
        self._reassigned.clear()
        with super().wrapping(error_messages):
            yield

    def flush(self) -> None:
        # A flush resets the history of attributes.
        self._reassigned.update(row.id for row in self.session.dirty if isinstance(row, Book) and _author_changed(row))
        super().flush()

    def set_columns(
        self,
        rows: Sequence[Book],
        changes: Sequence[Values],
        places: BatchIndexes = None,
        *,
        matched: Collection[str] = (),
    ) -> int:
        moved = [
            (row.id, values["author_id"])
            for row, values in zip(rows, changes, strict=True)
            if "author_id" in values
            and (values["author_id"] != row.author_id or row.id in self._reassigned or _author_changed(row))
        ]
        changed = super().set_columns(rows, changes, places, matched=matched)
        if moved:
            # Remove the new first author from the other contributors.
            others = tuple_(BookContributor.book_id, BookContributor.author_id).in_(moved)
            self.session.execute(delete(BookContributor).where(others, BookContributor.role == AUTHOR))
        return changed

    # Tags

    def set_tags(self, book_id: UUID, names: Sequence[str]) -> list[tag_schemas.Tag]:
        """Replace the tags of a book; create those that do not exist. Errors: NotFound."""
        book = self.get_for_update(book_id)
        tags = TagService(self.session, wrap_exceptions=False).named(list(dict.fromkeys(names)))
        self.put_tags({book: {tag.id for tag in tags}})
        return (BookReader(executor_of(self.session), queries.spec).tags_of([book_id]))[book_id]

    def put_tags(self, wanted: Mapping[Book, AbstractSet[UUID]]) -> set[UUID]:
        """Replace the tags of each book by those of these ids; return the ids of the books that changed."""
        present: dict[UUID, set[UUID]] = {book.id: set() for book in wanted}
        rows = self.session.execute(select(BookTag.book_id, BookTag.tag_id).where(BookTag.book_id.in_(list(present))))
        for book_id, tag_id in rows:
            present[book_id].add(tag_id)
        gone = [(book.id, tag_id) for book, tags in wanted.items() for tag_id in present[book.id] - tags]
        new = [(book.id, tag_id) for book, tags in wanted.items() for tag_id in tags - present[book.id]]
        if gone:
            self.session.execute(delete(BookTag).where(tuple_(BookTag.book_id, BookTag.tag_id).in_(gone)))
        if new:
            rows_added = [{"book_id": book_id, "tag_id": tag_id} for book_id, tag_id in new]
            self.session.execute(insert(BookTag), rows_added)
        return self._touch(wanted, {book_id for book_id, _ in [*gone, *new]})

    # Contributors

    def set_contributors(self, book_id: UUID, wanted: Sequence[Contributing]) -> list[schemas.Contributor]:
        """Replace the contributors of a book, in order.

        Errors: NotFound; ValidationFailed when none is an author, one is given twice, or an author does not exist.
        """
        _check_contributors(wanted)
        self._authors.clear()
        book = self.get_for_update(book_id)
        known = self._references({author_id for author_id, _ in wanted})
        field_errors = [
            missing_reference(Author, ("items", place, "author_id"))
            for place, (author_id, _) in enumerate(wanted)
            if author_id not in known
        ]
        if field_errors:
            raise NoSuchReference("There is no such author.", field_errors)
        self.put_contributors({book: list(wanted)}, self.contributor_ids([book]))
        return [schemas.Contributor(role, known[author_id]) for author_id, role in wanted]

    def contributor_ids(self, books: Sequence[Book]) -> dict[UUID, list[Contributing]]:
        """Return the ids and roles of each book's contributors, in order."""
        others: dict[UUID, list[tuple[int, Contributing]]] = {book.id: [] for book in books}
        columns = (BookContributor.book_id, BookContributor.position, BookContributor.author_id, BookContributor.role)
        for book_id, position, author_id, role in self.session.execute(
            select(*columns).where(BookContributor.book_id.in_(list(others)))
        ):
            others[book_id].append((position, (author_id, role)))
        return {book.id: with_first_author((book.author_id, AUTHOR), others[book.id]) for book in books}

    def put_contributors(
        self, wanted: Mapping[Book, Sequence[Contributing]], present: Mapping[UUID, Sequence[Contributing]]
    ) -> set[UUID]:
        """Replace the contributors of each book, at least one an author; return the ids of the books that changed."""
        changed = {book: given for book, given in wanted.items() if list(given) != list(present[book.id])}
        rows = []
        for book, given in changed.items():
            first = first_author([role for _, role in given])
            book.author_id = given[first][0]
            rows += [
                {"book_id": book.id, "position": position, "author_id": author_id, "role": role}
                for position, (author_id, role) in enumerate(given)
                if position != first
            ]
        ids = {book.id for book in changed}
        if any(len(present[book_id]) > 1 for book_id in ids):
            self.session.execute(delete(BookContributor).where(BookContributor.book_id.in_(ids)))
        if rows:
            self.session.execute(insert(BookContributor), rows)
        return self._touch(changed, ids)

    def _touch(self, books: Iterable[Book], changed: set[UUID]) -> set[UUID]:
        """Set `updated_at` of the books in `changed`, and flush; return `changed`."""
        for book in books:
            if book.id in changed:
                book.updated_at = now()
        self.session.flush()
        return changed


def _author_changed(book: Book) -> bool:
    state: Any = inspect(book)
    return bool(state.attrs.author_id.history.has_changes())


def _check_contributors(given: Sequence[Contributing]) -> None:
    field_errors = [
        FieldError("repeated", "an earlier item has the same author and role", path=("items", place))
        for place, contributor in enumerate(given)
        if contributor in given[:place]
    ]
    if all(role != AUTHOR for _, role in given):
        field_errors.append(
            FieldError("missing", "a book needs at least one contributor with the role author", path=("items",))
        )
    if field_errors:
        raise ValidationFailed("These cannot be the contributors of a book.", field_errors)
