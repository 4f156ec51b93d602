# Generated from core/aio/services/books.py by tools/unasync.py: do not edit, run "make twins".
"""Books, their tags and their contributors."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
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
from diptych.core.catalogue.books.model import Book, BookContributor, BookIdentifier, BookSeries, BookTag
from diptych.core.catalogue.books.related_rows import RelatedRows, key_rows, series_rows
from diptych.core.catalogue.publishers import queries as publisher_queries
from diptych.core.catalogue.publishers import schemas as publisher_schemas
from diptych.core.catalogue.series.model import Series
from diptych.core.catalogue.tags import queries as tag_queries
from diptych.core.catalogue.tags import schemas as tag_schemas
from diptych.core.engine import batches
from diptych.core.engine.entity import Base, Entity, now
from diptych.core.engine.row_dml import missing_reference
from diptych.core.engine.row_statements import VALUE, VALUES, in_batch
from diptych.core.engine.schemas.pagination import Page
from diptych.core.errors import Conflict, FieldError, ValidationFailed
from diptych.core.files import queries as file_queries
from diptych.core.refusals import NoSuchReference
from diptych.core.sync.services.resource_service import BatchIndexes, CatalogueService, SlugRepository
from diptych.core.sync.services.row_reader import Reader, row_not_found
from diptych.core.sync.services.row_writer import Values, Writer
from diptych.core.sync.services.tags import TagService
from diptych.core.sync.statement_executor import Executor, executor_of

Contributing = tuple[UUID, str]
"""An author's id and the role."""


RELATED = ("tags", "contributors", "identifiers", "series", "sources")
"""What belongs to a book and lies in other tables."""


NO_TAG = UUID(int=0)
"""The id of no tag, for names that no tag has."""


def tag_ids(executor: Executor, names: Sequence[str]) -> list[UUID]:
    """Return the ids of the tags with some names, as the scope `tag_ids` of books takes them."""
    rows = executor.all(queries.TAG_IDS, {VALUES: names})
    return [row[0] for row in rows] or [NO_TAG]


class BookReader(Reader):
    """Books, with what belongs to them."""

    def tags(self, book_id: UUID) -> list[tag_schemas.Tag]:
        """Return the tags of a book, by name. Errors: NotFound."""
        self.ensure_exists(book_id)
        return (self.tags_of([book_id]))[book_id]

    def contributors(self, book_id: UUID) -> list[schemas.Contributor]:
        """Return the contributors of a book, in order. Errors: NotFound."""
        book = cast("schemas.Book", self.fetch("id", book_id))
        return (self._contributors([book]))[book_id]

    def page_after(self, last: UUID | None, limit: int) -> list[schemas.Book]:
        return self.including(super().page_after(last, limit), RELATED)

    def fetch_including(self, column: str, value: Any, include: Collection[str]) -> schemas.Book:
        """Return the book with a value in a unique column, with what `include` names. Errors: NotFound."""
        if set(include) != {"tags"}:
            return (self.including([self.fetch(column, value)], include))[0]
        rows = self.executor.all(queries.one_with_tags(column), {VALUE: value})
        if not rows:
            raise row_not_found(self.spec)
        return queries.represent_with_tags(rows)

    def including(self, books: Sequence[schemas.Book], include: Collection[str]) -> list[schemas.Book]:
        """Return the books with what `include` names, by one statement for each of its words."""
        if not books or not include:
            return [*books]
        added: dict[UUID, dict[str, Any]] = {book.id: {} for book in books}
        for name in dict.fromkeys(include):
            for book_id, found in (self._belonging(name, books)).items():
                added[book_id][name] = found
        return [schemas.extended(book, added[book.id]) for book in books]

    def _belonging(self, name: str, books: Sequence[schemas.Book]) -> Mapping[UUID, Any]:
        """Return what one word of `include` names, of each book."""
        ids = [book.id for book in books]
        match name:
            case "tags":
                return self.tags_of(ids)
            case "contributors":
                return self._contributors(books)
            case "identifiers":
                return self.identifiers_of(ids)
            case "series":
                return self.series_of(ids)
            case "sources":
                return self._sources(ids)
        return self._publishers(books)

    def page(self, query: Any, **scope: Any) -> Page[Any]:
        if not query.tags_in:
            return super().page(query, **scope)
        ids = tag_ids(self.executor, query.tags_in)
        return super().page(query.model_copy(update={"tags_in": None}), **scope, tag_ids=ids)

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

    def identifiers(self, book_id: UUID) -> list[schemas.Identifier]:
        """Return the identifiers of a book. Errors: NotFound."""
        self.ensure_exists(book_id)
        return (self.identifiers_of([book_id]))[book_id]

    def identifiers_of(self, book_ids: Sequence[UUID]) -> dict[UUID, list[schemas.Identifier]]:
        """Return the identifiers of each book, by scheme and value."""
        found: dict[UUID, list[schemas.Identifier]] = {book_id: [] for book_id in book_ids}
        for book_id, identifier in self.executor.all(queries.IDENTIFIERS, {VALUES: list(book_ids)}):
            found[book_id].append(queries.represent_identifier(identifier))
        return found

    def series(self, book_id: UUID) -> list[schemas.SeriesPosition]:
        """Return the places of a book in series. Errors: NotFound."""
        self.ensure_exists(book_id)
        return (self.series_of([book_id]))[book_id]

    def series_of(self, book_ids: Sequence[UUID]) -> dict[UUID, list[schemas.SeriesPosition]]:
        """Return the places of each book in series, by the name of the series."""
        found: dict[UUID, list[schemas.SeriesPosition]] = {book_id: [] for book_id in book_ids}
        for book_id, *columns in self.executor.all(queries.SERIES, {VALUES: list(book_ids)}):
            found[book_id].append(queries.represent_position(columns))
        return found

    def by_isbn(self, isbn: str) -> list[schemas.ListedBook]:
        """Return the books with an ISBN of 13 digits, as their own or among their other identifiers."""
        values = {"isbn": isbn, "identifier": f"isbn:{isbn}"}
        return self._represented(self.executor.all(queries.BY_ISBN, values))

    def _represented(self, rows: Sequence[Any]) -> list[schemas.ListedBook]:
        return [queries.listed.represent(row) for row in rows]

    def _sources(self, book_ids: Sequence[UUID]) -> dict[UUID, list[schemas.Source]]:
        found: dict[UUID, list[schemas.Source]] = {book_id: [] for book_id in book_ids}
        for book_id, *columns in self.executor.all(queries.SOURCES, {VALUES: list(book_ids)}):
            found[book_id].append(schemas.Source(*columns))
        return found

    def _publishers(self, books: Sequence[schemas.Book]) -> dict[UUID, publisher_schemas.Publisher | None]:
        wanted = list({book.publisher_id for book in books if book.publisher_id is not None})
        rows = self.executor.all(queries.PUBLISHERS, {VALUES: wanted}) if wanted else []
        found = {row[0]: publisher_queries.spec.represent(row) for row in rows}
        return {book.id: found.get(book.publisher_id) for book in books}

    def _contributors(self, books: Sequence[schemas.Book]) -> dict[UUID, list[schemas.Contributor]]:
        others: dict[UUID, list[Any]] = {book.id: [] for book in books}
        for book_id, *columns in self.executor.all(queries.OTHER_CONTRIBUTORS, {VALUES: list(others)}):
            others[book_id].append(columns)
        return {book.id: queries.represent_contributors(book, others[book.id]) for book in books}


class BookWriter(Writer):
    """One book at a time."""

    def apply_changes(self, item_id: UUID, values: Values) -> Any | None:
        book = super().apply_changes(item_id, values)
        if book is not None and values.get("author_id") is not None:
            # Remove the new first author from the other contributors.
            self.executor.run(queries.SUPERSEDED, {"book": item_id, "author": values["author_id"]})
        elif book is not None and "author_id" in values:
            self.executor.run(queries.WITHOUT_AUTHORS, {"book": item_id})
        if book is not None and values.get("isbn") is not None:
            self.executor.run(queries.OWN_ISBN, {"book": item_id, "identifier": f"isbn:{book.isbn}"})
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
        authors = self._references({item.author_id for item in items if item.author_id is not None})
        own = attrgetter(*self.spec.columns)
        make: Any = schemas.Book
        return [make(*own(item), item.author_id and authors[item.author_id]) for item in items]

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
            if values.get("author_id") is not None
            and (values["author_id"] != row.author_id or row.id in self._reassigned or _author_changed(row))
        ]
        authorless = [
            row.id
            for row, values in zip(rows, changes, strict=True)
            if "author_id" in values and values["author_id"] is None
        ]
        numbered = [
            row
            for row, values in zip(rows, changes, strict=True)
            if values.get("isbn") is not None and values["isbn"] != row.isbn
        ]
        changed = super().set_columns(rows, changes, places, matched=matched)
        if numbered:
            # Remove the new own ISBN from the other identifiers.
            own = [(row.id, f"isbn:{row.isbn}") for row in numbered]
            columns = tuple_(BookIdentifier.book_id, BookIdentifier.identifier)
            self.session.execute(delete(BookIdentifier).where(columns.in_(own)))
        if authorless:
            theirs = BookContributor.book_id.in_(authorless)
            self.session.execute(delete(BookContributor).where(theirs, BookContributor.role == AUTHOR))
        if moved:
            # Remove the new first author from the other contributors.
            others = tuple_(BookContributor.book_id, BookContributor.author_id).in_(moved)
            self.session.execute(delete(BookContributor).where(others, BookContributor.role == AUTHOR))
        return changed

    def check_part(self, row: Book, part: str, new: Sequence[Values]) -> None:
        if part == "files" and new:
            self._keep_files({each["sha256"] for each in new})
        own = {"identifiers": ("identifier", f"isbn:{row.isbn}"), "contributors": ("author_id", row.author_id)}
        name, value = own.get(part, ("", None))
        if any(name and each[name] == value and each.get("role", AUTHOR) == AUTHOR for each in new):
            raise Conflict("the book itself has one of them since")

    def _keep_files(self, digests: AbstractSet[str]) -> None:
        """Keep files that come back to a book. Errors: Conflict where one was deleted since."""
        executor = executor_of(self.session)
        kept = executor.all(file_queries.KEEP_AGAIN, {"digests": sorted(digests)})
        if len(kept) < len(digests):
            raise Conflict("they were deleted since")

    def dropped_with(self, values: Values) -> Mapping[str, Callable[[Values], bool]]:
        authorless = "author_id" in values and values["author_id"] is None
        return {"contributors": lambda row: row["role"] == AUTHOR} if authorless else {}

    # Tags

    def set_tags(self, book_id: UUID, names: Sequence[str]) -> list[tag_schemas.Tag]:
        """Replace the tags of a book; create those that do not exist. Errors: NotFound."""
        book = self.get_for_update(book_id)
        tags = TagService(self.session, wrap_exceptions=False).named(list(dict.fromkeys(names)))
        self.put_tags({book: {tag.id for tag in tags}})
        return (BookReader(executor_of(self.session), queries.spec).tags_of([book_id]))[book_id]

    def put_tags(self, wanted: Mapping[Book, AbstractSet[UUID]]) -> set[UUID]:
        """Replace the tags of each book by those of these ids; return the ids of the books that changed."""
        return self._put_rows(BookTag, ("tag_id",), key_rows(wanted))

    def add_tags(self, wanted: Mapping[Book, AbstractSet[UUID]]) -> set[UUID]:
        """Add the tags of these ids to each book; return the ids of the books that changed."""
        return self._put_rows(BookTag, ("tag_id",), key_rows(wanted), whole=False)

    # Contributors

    def set_contributors(self, book_id: UUID, wanted: Sequence[Contributing]) -> list[schemas.Contributor]:
        """Replace the contributors of a book, in order.

        Errors: NotFound; ValidationFailed when one is given twice, or an author does not exist.
        """
        batches.check_distinct_items(wanted, "an earlier item has the same author and role")
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
        statement = select(*columns).where(in_batch(BookContributor.book_id))
        for book_id, position, author_id, role in self.session.execute(statement, {VALUES: list(others)}):
            others[book_id].append((position, (author_id, role)))
        first = {book.id: None if book.author_id is None else (book.author_id, AUTHOR) for book in books}
        return {book_id: with_first_author(first[book_id], others[book_id]) for book_id in others}

    def put_contributors(
        self, wanted: Mapping[Book, Sequence[Contributing]], present: Mapping[UUID, Sequence[Contributing]]
    ) -> set[UUID]:
        """Replace the contributors of each book; return the ids of the books that changed."""
        changed = {book: given for book, given in wanted.items() if list(given) != list(present[book.id])}
        rows = []
        for book, given in changed.items():
            first = first_author([role for _, role in given])
            book.author_id = None if first is None else given[first][0]
            rows += [
                {"book_id": book.id, "position": position, "author_id": author_id, "role": role}
                for position, (author_id, role) in enumerate(given)
                if position != first
            ]
        ids = {book.id for book in changed}
        if any(len(present[book_id]) > any(role == AUTHOR for _, role in present[book_id]) for book_id in ids):
            removal = delete(BookContributor).where(in_batch(BookContributor.book_id))
            self.session.execute(removal, {VALUES: list(ids)})
        if rows:
            self.session.execute(insert(BookContributor), rows)
        return self._touch(changed, ids)

    # Identifiers and series

    def set_identifiers(self, book_id: UUID, wanted: Sequence[tuple[str, str]]) -> list[schemas.Identifier]:
        """Replace the identifiers of a book, pairs of a scheme and a value as it is kept.

        Errors: NotFound; ValidationFailed when one is given twice, or is the book's ISBN.
        """
        batches.check_distinct_items(wanted, "an earlier item has the same scheme and value")
        book = self.get_for_update(book_id)
        own = [("isbn", book.isbn)]
        if field_errors := [
            FieldError("repeated", "this is the isbn of the book itself", path=("items", place))
            for place, pair in enumerate(wanted)
            if pair in own
        ]:
            raise ValidationFailed("The isbn of the book is among its other identifiers.", field_errors)
        self.put_identifiers({book: {f"{scheme}:{value}" for scheme, value in wanted}})
        return (BookReader(executor_of(self.session), queries.spec).identifiers_of([book_id]))[book_id]

    def put_identifiers(self, wanted: Mapping[Book, AbstractSet[str]]) -> set[UUID]:
        """Replace the identifiers of each book, as "scheme:value"; return the ids of the books that changed."""
        return self._put_rows(BookIdentifier, ("identifier",), key_rows(wanted))

    def add_identifiers(self, wanted: Mapping[Book, AbstractSet[str]]) -> set[UUID]:
        """Add identifiers to each book, except its own ISBN; return the ids of the books that changed."""
        others = {book: given - {f"isbn:{book.isbn}"} for book, given in wanted.items()}
        return self._put_rows(BookIdentifier, ("identifier",), key_rows(others), whole=False)

    def set_series(self, book_id: UUID, wanted: Sequence[tuple[UUID, str | None]]) -> list[schemas.SeriesPosition]:
        """Replace the series of a book, pairs of an id and a position.

        Errors: NotFound; ValidationFailed when one is given twice, or does not exist.
        """
        batches.check_distinct_items([series_id for series_id, _ in wanted], "an earlier item has the same series")
        book = self.get_for_update(book_id)
        known = self.existing(Series, {series_id for series_id, _ in wanted})
        field_errors = [
            missing_reference(Series, ("items", place, "series_id"))
            for place, (series_id, _) in enumerate(wanted)
            if series_id not in known
        ]
        if field_errors:
            raise NoSuchReference("There is no such series.", field_errors)
        self.put_series({book: dict(wanted)})
        return (BookReader(executor_of(self.session), queries.spec).series_of([book_id]))[book_id]

    def put_series(self, wanted: Mapping[Book, Mapping[UUID, str | None]]) -> set[UUID]:
        """Replace the series of each book, with its position in each; return the ids of the books that changed."""
        return self._put_rows(BookSeries, ("series_id",), series_rows(wanted))

    def add_series(self, wanted: Mapping[Book, Mapping[UUID, str | None]], *, fill: bool = False) -> set[UUID]:
        """Add each book to series, or set its positions in them; return the ids of the books that changed.

        A known position is not made null; with fill it is not replaced either.
        """

        def keeps(old: Values, new: Values) -> bool:
            return new["position"] is None or (fill and old["position"] is not None)

        return self._put_rows(BookSeries, ("series_id",), series_rows(wanted), whole=False, keeps=keeps)

    def _put_rows(
        self,
        model: type[Base],
        key: Sequence[str],
        wanted: RelatedRows,
        *,
        whole: bool = True,
        keeps: Callable[[Values, Values], bool] = lambda _old, _new: False,
    ) -> set[UUID]:
        """Replace the rows of each book in another table; return the ids of the books that changed.

        key: the columns that with `book_id` identify a row; wanted has the other columns of each row by the key.
        whole: delete the rows that are not wanted. keeps: whether a row stays as it is, although another is wanted.
        """
        table: Any = model.__table__
        others = [column.name for column in table.columns if column.name not in ("book_id", *key)]
        present: dict[UUID, dict[tuple[Any, ...], Values]] = {book.id: {} for book in wanted}
        stored = self.session.execute(select(table).where(in_batch(table.c.book_id)), {VALUES: list(present)})
        for row in stored.mappings():
            present[row["book_id"]][tuple(row[name] for name in key)] = {name: row[name] for name in others}
        gone, added = [], []
        for book, given in wanted.items():
            old = present[book.id]
            rows = {values: row for values, row in given.items() if values not in old or not keeps(old[values], row)}
            gone += [
                (book.id, *values) for values in old if (whole or values in rows) and rows.get(values) != old[values]
            ]
            added += [
                {"book_id": book.id, **dict(zip(key, values, strict=True)), **rest}
                for values, rest in rows.items()
                if old.get(values) != rest
            ]
        if gone:
            columns = tuple_(*(table.c[name] for name in ("book_id", *key)))
            self.session.execute(delete(table).where(columns.in_(gone)))
        if added:
            self.session.execute(insert(table), added)
        return self._touch(wanted, {book_id for book_id, *_ in gone} | {row["book_id"] for row in added})

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
