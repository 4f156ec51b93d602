# Generated from core/aio/operations/books.py by tools/unasync.py: do not edit, run "make twins".
"""Books, their tags and their contributors."""

from __future__ import annotations

from sqlalchemy.orm import Session

from diptych.core.catalogue.books import queries
from diptych.core.catalogue.books.schemas import (
    Book,
    BookFacets,
    BookInput,
    BookList,
    BookQuery,
    Contributor,
    ContributorList,
    Facet,
    Identifier,
    IdentifierList,
    SeriesList,
    SeriesPosition,
)
from diptych.core.catalogue.tags.schemas import Tag, TagNames
from diptych.core.engine.facets import CAP
from diptych.core.engine.schemas.pagination import Items
from diptych.core.http.operations import Operation, OperationRequest, OperationResult
from diptych.core.sync.operations import book_files, book_formats, crud_operations
from diptych.core.sync.operations.crud_operations import Resource
from diptych.core.sync.services.books import BookReader, BookService
from diptych.core.sync.services.facets import FacetReader, own_filters
from diptych.core.sync.statement_executor import Executor


def including(call: OperationRequest) -> bool:
    """Return whether a list of books is read with what lies in other tables."""
    return bool(call.query.include)


class BookResource(Resource):
    """Books: any read can include what lies in other tables."""

    def list_needs_transaction(self, call: OperationRequest) -> bool:
        return including(call)

    def get_needs_transaction(self, call: OperationRequest) -> bool:
        return bool(call.suffix or set(call.query.include) - {"tags"})

    def update_needs_transaction(self, call: OperationRequest) -> bool:
        return not call.body.model_fields_set.isdisjoint(("author_id", "isbn"))

    def page(self, executor: Executor, call: OperationRequest) -> OperationResult:
        return OperationResult(reader(executor).page_including(call.query))

    def fetch(self, executor: Executor, call: OperationRequest) -> OperationResult:
        if call.suffix:
            return book_formats.fetch_as(reader(executor), call.parameters["id"], call.suffix)
        return self._fetch("id", executor, call)

    def fetch_by_slug(self, executor: Executor, call: OperationRequest) -> OperationResult:
        return self._fetch("slug", executor, call)

    def _fetch(self, column: str, executor: Executor, call: OperationRequest) -> OperationResult:
        book = reader(executor).fetch_including(column, call.parameters[column], call.query.include)
        return OperationResult(book, headers={"Link": book_formats.alternates(book.id)})


def get_facets(executor: Executor, call: OperationRequest) -> OperationResult:
    """Return the facets of a list of books."""
    return OperationResult(Items(FacetReader(executor).facets(call.query, call.query.facet, call.query.facet_size)))


def _facets_need_transaction(call: OperationRequest) -> bool:
    return bool(own_filters(call.query, call.query.facet) or call.query.tags_in)


def reader(executor: Executor) -> BookReader:
    """Return the reader of books."""
    return BookReader(executor, BookService.spec)


def page_reader(executor: Executor) -> BookReader:
    """Return the reader of books in lists of the pages, which have two authors each."""
    return BookReader(executor, queries.listed)


resource = BookResource(
    name="books",
    service=BookService,
    schema=BookInput,
    answer=Book,
    list_query=BookList,
    item_query=BookQuery,
    suffixes=tuple(book_formats.ONE),
)


def get_tags(executor: Executor, call: OperationRequest) -> OperationResult:
    """List the tags of a book."""
    return OperationResult(Items(reader(executor).tags(call.parameters["id"])))


def set_tags(session: Session, call: OperationRequest) -> OperationResult:
    """Replace all tags of a book."""
    return OperationResult(
        Items(BookService(session, wrap_exceptions=False).set_tags(call.parameters["id"], call.body.items))
    )


def get_contributors(executor: Executor, call: OperationRequest) -> OperationResult:
    """List the contributors of a book, in order."""
    return OperationResult(Items(reader(executor).contributors(call.parameters["id"])))


def set_contributors(session: Session, call: OperationRequest) -> OperationResult:
    """Replace all contributors of a book, in order."""
    pairs = [(item.author_id, item.role) for item in call.body.items]
    return OperationResult(
        Items(BookService(session, wrap_exceptions=False).set_contributors(call.parameters["id"], pairs))
    )


def get_identifiers(executor: Executor, call: OperationRequest) -> OperationResult:
    """List the identifiers of a book besides its ISBN."""
    return OperationResult(Items(reader(executor).identifiers(call.parameters["id"])))


def set_identifiers(session: Session, call: OperationRequest) -> OperationResult:
    """Replace all identifiers of a book."""
    pairs = [(item.scheme, item.value) for item in call.body.items]
    return OperationResult(
        Items(BookService(session, wrap_exceptions=False).set_identifiers(call.parameters["id"], pairs))
    )


def get_series(executor: Executor, call: OperationRequest) -> OperationResult:
    """List the series of a book, with its place in each."""
    return OperationResult(Items(reader(executor).series(call.parameters["id"])))


def set_series(session: Session, call: OperationRequest) -> OperationResult:
    """Replace all series of a book."""
    pairs = [(item.series_id, item.position) for item in call.body.items]
    return OperationResult(Items(BookService(session, wrap_exceptions=False).set_series(call.parameters["id"], pairs)))


operations = [
    *crud_operations.operations(resource),
    *book_formats.operations,
    Operation(
        name="books_get_facets",
        method="GET",
        path="/books/facets",
        summary="Count the languages, decades, tags and the like of the books of a list",
        description="A count is the total of the list with that value as `filter`, in place of the values that the"
        f" request has there. Where more than {CAP:,} books match, the values are those of the newest {CAP + 1:,}, the"
        " most common first, and count is null. Counts of all books may be older: counted_at says from when they are.",
        run=get_facets,
        unit="read",
        needs_transaction=_facets_need_transaction,
        query=BookFacets,
        response_schema=Items[Facet],
        tag="books",
    ),
    Operation(
        name="books_get_tags",
        method="GET",
        path="/books/{id}/tags",
        summary="List the tags of a book",
        run=get_tags,
        unit="read",
        response_schema=Items[Tag],
    ),
    Operation(
        name="books_set_tags",
        method="PUT",
        path="/books/{id}/tags",
        summary="Set the tags of a book, by name",
        description="They take the place of all it had; those that do not exist yet are made.",
        run=set_tags,
        unit="write_many",
        lock=resource.lock,
        body=TagNames,
        response_schema=Items[Tag],
    ),
    Operation(
        name="books_get_contributors",
        method="GET",
        path="/books/{id}/contributors",
        summary="List the contributors of a book, in order",
        run=get_contributors,
        unit="read",
        needs_transaction=lambda _: True,
        response_schema=Items[Contributor],
    ),
    Operation(
        name="books_set_contributors",
        method="PUT",
        path="/books/{id}/contributors",
        summary="Set the contributors of a book, in order",
        description="They take the place of all it had, each author once in a role. The first with the role author"
        " becomes the book's author_id; without one that is null.",
        run=set_contributors,
        unit="write_many",
        lock=resource.lock,
        body=ContributorList,
        response_schema=Items[Contributor],
    ),
    Operation(
        name="books_get_identifiers",
        method="GET",
        path="/books/{id}/identifiers",
        summary="List the identifiers of a book besides its ISBN",
        run=get_identifiers,
        unit="read",
        response_schema=Items[Identifier],
    ),
    Operation(
        name="books_set_identifiers",
        method="PUT",
        path="/books/{id}/identifiers",
        summary="Set the identifiers of a book besides its ISBN",
        description="They take the place of all it had. Each value is kept in the one form of its scheme.",
        run=set_identifiers,
        unit="write_many",
        lock=resource.lock,
        body=IdentifierList,
        response_schema=Items[Identifier],
    ),
    Operation(
        name="books_get_series",
        method="GET",
        path="/books/{id}/series",
        summary="List the series of a book, with its place in each",
        run=get_series,
        unit="read",
        response_schema=Items[SeriesPosition],
    ),
    Operation(
        name="books_set_series",
        method="PUT",
        path="/books/{id}/series",
        summary="Set the series of a book, with its place in each",
        description="They take the place of all it had, each series once.",
        run=set_series,
        unit="write_many",
        lock=resource.lock,
        body=SeriesList,
        response_schema=Items[SeriesPosition],
    ),
    *book_files.operations,
]
