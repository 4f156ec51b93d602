# Generated from core/aio/operations/opds.py by tools/unasync.py: do not edit, run "make twins".
"""The catalogue for e-readers: feeds of OPDS 1.2 and 2.0."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from msgspec.structs import replace

from diptych.core.catalogue import acquirable
from diptych.core.catalogue.authors.schemas import Author, AuthorFeed
from diptych.core.catalogue.books.queries import FIRST_AND_LATEST
from diptych.core.catalogue.books.schemas import Book, BookFeed
from diptych.core.engine.row_statements import VALUES
from diptych.core.engine.schemas.pagination import ListQuery, Page, Query, SearchWords
from diptych.core.files import queries
from diptych.core.http.operations import Operation, OperationRequest, OperationResult
from diptych.core.opds import atom, links, publications
from diptych.core.opds.atom import Identity
from diptych.core.opds.links import FilesOf, ShownFile
from diptych.core.sync.operations import authors, books
from diptych.core.sync.services.row_reader import row_not_found
from diptych.core.sync.statement_executor import Executor

_SCOPE = {acquirable.SCOPE: True}


class SearchQuery(Query):
    """What is searched for."""

    query: SearchWords = ""


def root(executor: Executor, call: OperationRequest) -> OperationResult:
    """Return the first feed."""
    return OperationResult(atom.root(_identity(executor, call)))


def list_authors(executor: Executor, call: OperationRequest) -> OperationResult:
    """Return a page of the authors of books that can be acquired."""
    page = _authors(executor, call.query)
    return OperationResult(atom.authors(_identity(executor, call), call.query, page))


def list_books(executor: Executor, call: OperationRequest) -> OperationResult:
    """Return a page of the books that can be acquired."""
    page = _books(executor, call.query, atom.INCLUDED)
    files = _files(executor, page.items)
    return OperationResult(atom.books(_identity(executor, call), call.query, page, files))


def describe_search(_executor: None, call: OperationRequest) -> OperationResult:
    """Return how to search."""
    return OperationResult(atom.search_description(call.prefix))


def root_2(_executor: None, call: OperationRequest) -> OperationResult:
    """Return the first feed, in OPDS 2.0."""
    return OperationResult(publications.root(call.prefix))


def list_authors_2(executor: Executor, call: OperationRequest) -> OperationResult:
    """Return a page of the authors of books that can be acquired, in OPDS 2.0."""
    return OperationResult(publications.authors(call.prefix, call.query, _authors(executor, call.query)))


def list_books_2(executor: Executor, call: OperationRequest) -> OperationResult:
    """Return a page of the books that can be acquired, in OPDS 2.0."""
    return _publications(executor, call, call.query)


def search_2(executor: Executor, call: OperationRequest) -> OperationResult:
    """Return the first page of the books that have all the words, in OPDS 2.0."""
    asked = {"q": call.query.query} if call.query.query else {}
    return _publications(executor, call, BookFeed.model_validate(asked))


def fetch_book_2(executor: Executor, call: OperationRequest) -> OperationResult:
    """Return a book that can be acquired, in OPDS 2.0. Errors: NotFound."""
    reader = books.reader(executor)
    book = reader.fetch_including("id", call.parameters["id"], publications.INCLUDED)
    files = (_files(executor, [book])).get(book.id, ())
    if not links.acquisition(book, files, call.prefix):
        raise row_not_found(reader.spec)
    return OperationResult(publications.publication(call.prefix, book, files))


def _publications(executor: Executor, call: OperationRequest, query: ListQuery) -> OperationResult:
    page = _books(executor, query, publications.INCLUDED)
    return OperationResult(publications.books(call.prefix, query, page, _files(executor, page.items)))


def _identity(executor: Executor, call: OperationRequest) -> Identity:
    (row,) = executor.all(FIRST_AND_LATEST, {})
    return Identity(call.prefix, *row)


def _authors(executor: Executor, query: ListQuery) -> Page[Author]:
    return authors.resource.reader(executor).page(query, **_SCOPE)


def _books(executor: Executor, query: ListQuery, include: Sequence[str]) -> Page[Book]:
    reader = books.reader(executor)
    page = reader.page(query, **_SCOPE)
    return replace(page, items=reader.including(page.items, include))


def _files(executor: Executor, found: Sequence[Book]) -> FilesOf:
    """Return the files of books."""
    files: dict[UUID, list[ShownFile]] = {}
    if found:
        for *row, has_copies in executor.all(queries.OF_BOOKS, {VALUES: [book.id for book in found]}):
            file = queries.represent(row)
            files.setdefault(file.book_id, []).append(ShownFile(file, bool(has_copies)))
    return files


_1, _2 = links.OPDS_1, links.OPDS_2

operations = [
    Operation(
        name="opds_get",
        method="GET",
        path=_1.root,
        summary="Read the first feed for e-readers (OPDS 1.2)",
        run=root,
        unit="read",
        response_schema=str,
        media_type=_1.navigation,
    ),
    Operation(
        name="opds_list_books",
        method="GET",
        path=f"{_1.root}/books",
        summary="List the books that can be acquired, a page at a time (OPDS 1.2)",
        description="The newest first, unless another order is asked for. Links lead to the other pages.",
        run=list_books,
        unit="read",
        needs_transaction=lambda _: True,
        query=BookFeed,
        response_schema=str,
        media_type=_1.acquisition,
    ),
    Operation(
        name="opds_list_authors",
        method="GET",
        path=f"{_1.root}/authors",
        summary="List who wrote books that can be acquired, a page at a time (OPDS 1.2)",
        run=list_authors,
        unit="read",
        query=AuthorFeed,
        response_schema=str,
        media_type=_1.navigation,
    ),
    Operation(
        name="opds_get_search",
        method="GET",
        path=f"{_1.root}/search.xml",
        summary="Read how to search the books that can be acquired (OpenSearch)",
        run=describe_search,
        unit="none",
        response_schema=str,
        media_type=atom.SEARCH,
    ),
    Operation(
        name="opds_2_get",
        method="GET",
        path=_2.root,
        summary="Read the first feed for e-readers (OPDS 2.0)",
        run=root_2,
        unit="none",
        response_schema=publications.Feed,
        media_type=_2.navigation,
    ),
    Operation(
        name="opds_2_list_books",
        method="GET",
        path=f"{_2.root}/books",
        summary="List the books that can be acquired, a page at a time (OPDS 2.0)",
        description="The newest first, unless another order is asked for. Links lead to the other pages.",
        run=list_books_2,
        unit="read",
        needs_transaction=lambda _: True,
        query=BookFeed,
        response_schema=publications.Feed,
        media_type=_2.acquisition,
    ),
    Operation(
        name="opds_2_get_book",
        method="GET",
        path=f"{_2.root}/books/{{id}}",
        summary="Read one book that can be acquired (OPDS 2.0)",
        run=fetch_book_2,
        unit="read",
        needs_transaction=lambda _: True,
        response_schema=publications.Publication,
        media_type=publications.PUBLICATION,
    ),
    Operation(
        name="opds_2_list_authors",
        method="GET",
        path=f"{_2.root}/authors",
        summary="List who wrote books that can be acquired, a page at a time (OPDS 2.0)",
        run=list_authors_2,
        unit="read",
        query=AuthorFeed,
        response_schema=publications.Feed,
        media_type=_2.navigation,
    ),
    Operation(
        name="opds_2_list_found",
        method="GET",
        path=f"{_2.root}/search",
        summary="Search the books that can be acquired (OPDS 2.0)",
        run=search_2,
        unit="read",
        needs_transaction=lambda _: True,
        query=SearchQuery,
        response_schema=publications.Feed,
        media_type=_2.acquisition,
    ),
]
