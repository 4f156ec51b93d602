# Generated from core/aio/operations/opds.py by tools/unasync.py: do not edit, run "make twins".
"""The catalogue for e-readers: feeds of OPDS 1.2 and 2.0."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
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
from diptych.core.opds.links import FilesOf, ShownFile, Version
from diptych.core.sync.operations import authors, books
from diptych.core.sync.services.row_reader import row_not_found
from diptych.core.sync.statement_executor import Executor


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


def _acquirable(executor: Executor) -> Mapping[str, bool]:
    """Return how a list finds what can be acquired."""
    (numbers,) = executor.all(acquirable.NUMBERS, {})
    return acquirable.alternatives(numbers)


def _authors(executor: Executor, query: ListQuery) -> Page[Author]:
    return authors.resource.reader(executor).page(query, **_acquirable(executor))


def _books(executor: Executor, query: ListQuery, include: Sequence[str]) -> Page[Book]:
    reader = books.reader(executor)
    page = reader.page(query, **_acquirable(executor))
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
_GROUPS = {_1: ("opds", "OPDS 1.2", str), _2: ("opds_2", "OPDS 2.0", publications.Feed)}
"""The beginning of the names of a version's operations, its own name, and what they answer."""

_BOOKS: dict[str, Any] = {"needs_transaction": lambda _: True}
_BOOK_PAGES = _BOOKS | {
    "query": BookFeed,
    "description": "The newest first, unless another order is asked for. Links lead to the other pages.",
}
_AUTHOR_PAGES = {"query": AuthorFeed}
_ONE = _BOOKS | {"response_schema": publications.Publication}
_FOUND = _BOOKS | {"query": SearchQuery}

_ROOT = "Read the first feed for e-readers"
_LIST_BOOKS = "List the books that can be acquired, a page at a time"
_LIST_AUTHORS = "List who wrote books that can be acquired, a page at a time"
_HOW = "Read how to search the books that can be acquired, as OpenSearch"
_READ_ONE, _SEARCH = "Read one book that can be acquired", "Search the books that can be acquired"

_TABLE: Sequence[tuple[Version, str, str, str, Any, str, str, Mapping[str, Any]]] = (
    (_1, "get", "", _ROOT, root, "read", _1.navigation, {}),
    (_1, "list_books", "/books", _LIST_BOOKS, list_books, "read", _1.acquisition, _BOOK_PAGES),
    (_1, "list_authors", "/authors", _LIST_AUTHORS, list_authors, "read", _1.navigation, _AUTHOR_PAGES),
    (_1, "get_search", "/search.xml", _HOW, describe_search, "none", atom.SEARCH, {}),
    (_2, "get", "", _ROOT, root_2, "none", _2.navigation, {}),
    (_2, "list_books", "/books", _LIST_BOOKS, list_books_2, "read", _2.acquisition, _BOOK_PAGES),
    (_2, "get_book", "/books/{id}", _READ_ONE, fetch_book_2, "read", publications.PUBLICATION, _ONE),
    (_2, "list_authors", "/authors", _LIST_AUTHORS, list_authors_2, "read", _2.navigation, _AUTHOR_PAGES),
    (_2, "list_found", "/search", _SEARCH, search_2, "read", _2.acquisition, _FOUND),
)
"""The version, the name and path within it, the summary, what runs in which unit, the media type, and the rest."""


def _operations() -> Iterator[Operation]:
    for version, name, path, summary, run, unit, media_type, others in _TABLE:
        group, label, answer = _GROUPS[version]
        values = {"run": run, "unit": unit, "media_type": media_type, "response_schema": answer, **others}
        what, whole = f"{summary} ({label})", version.root + path
        yield Operation(name=f"{group}_{name}", method="GET", path=whole, summary=what, **values)


operations = [*_operations()]
