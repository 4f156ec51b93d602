# Generated from core/aio/operations/pages/reading.py by tools/unasync.py: do not edit, run "make twins".
"""The first page, the feed, the search, and a book."""

from __future__ import annotations

from typing import TypeVar

from sqlalchemy import select

from diptych.core.catalogue.authors.schemas import Author, AuthorList
from diptych.core.catalogue.books.isbn import isbn13
from diptych.core.catalogue.books.model import Book as BookRow
from diptych.core.catalogue.books.schemas import Book, BookList
from diptych.core.catalogue.sizes import SIZES
from diptych.core.engine.schemas.pagination import ListQuery, Query, SearchWords
from diptych.core.engine.search_tokens import wanted
from diptych.core.http.operations import OperationRequest, OperationResult
from diptych.core.sync.operations import authors, book_formats, books
from diptych.core.sync.operations.pages.page import html, page
from diptych.core.sync.services.books import RELATED
from diptych.core.sync.statement_executor import Executor
from diptych.core.web import reading, suggestions
from diptych.core.web.books import book_href
from diptych.core.web.frame import frame_of
from diptych.core.web.reading import ATOM, IN_FEED, NEWEST, Found

FIRST = select(BookRow.id).order_by(BookRow.id).limit(1)
"""The id of the first book."""

AUTHORS_FOUND, BOOKS_FOUND = 6, 20
"""Rows on the page of a search."""


QueryT = TypeVar("QueryT", bound=ListQuery)


class SearchQuery(Query):
    """What is searched for."""

    q: SearchWords = ""


def home(executor: Executor, call: OperationRequest) -> OperationResult:
    """Return the first page."""
    newest = _newest(executor, NEWEST)
    (sizes,) = executor.all(SIZES, {})
    return html(reading.home(frame_of("/ui/", call.principal), newest, sizes))


def feed(executor: Executor, call: OperationRequest) -> OperationResult:
    """Return the feed of new books."""
    newest = _newest(executor, IN_FEED)
    first = executor.first(FIRST, {})
    return OperationResult(reading.feed(frame_of("/ui/feed.atom", call.principal), newest, first[0] if first else None))


def _newest(executor: Executor, number: int) -> list[Book]:
    return (books.reader(executor).page(_first(BookList, number))).items


def _first(model: type[QueryT], number: int, **more: str) -> QueryT:
    """Return the query for the first rows of a list, uncounted."""
    return model.model_validate({"pageSize": str(number), "total": "false", **more})


def book(executor: Executor, call: OperationRequest) -> OperationResult:
    """Return the page of a book. Errors: NotFound."""
    reader = books.reader(executor)
    include = [*RELATED, "publisher"]
    include.remove("sources")
    found = reader.fetch_including("slug", call.parameters["slug"], include)
    editions, others = reader.related(found)
    frame = frame_of("/ui/book/{slug}", call.principal)
    return html(reading.book(frame, found, tuple(book_formats.ONE), editions, others))


def search(executor: Executor, call: OperationRequest) -> OperationResult:
    """Lead to the book with an ISBN, or return the page with the authors and books that have all the words."""
    q = call.query.q
    frame = frame_of("/ui/search", call.principal, q)
    if isbn := _isbn(q):
        found = Found(isbn=isbn, books=books.reader(executor).by_isbn(isbn))
        if len(found.books) == 1:
            return OperationResult(status=303, headers={"Location": f"/{book_href(found.books[0])}"})
    else:
        found = _found(executor, q) if wanted(q).longest else Found()
    return html(reading.search(frame, found))


def _isbn(q: str) -> str:
    """Return the ISBN that was typed; empty for something else."""
    try:
        return isbn13(q)
    except ValueError:
        return ""


def _found(executor: Executor, q: str) -> Found:
    found_authors = _authors(executor, q, AUTHORS_FOUND)
    found_books = _books(executor, q, BOOKS_FOUND)
    if found_books:
        return Found(authors=found_authors, books=found_books)
    if found_authors:
        by = found_authors[0]
        query = _first(BookList, BOOKS_FOUND, orderBy="title", sortOrder="asc")
        theirs = books.reader(executor).page(query, author=[by.id])
        return Found(authors=found_authors, books=theirs.items, by=by)
    return Found(instead=_instead(executor, q))


def _instead(executor: Executor, q: str) -> str:
    """Return a search that finds something, and is much like one that finds nothing; empty where none is."""
    wider = suggestions.beginnings(q)
    if not wider:
        return ""
    more = suggestions.CANDIDATES
    names = [each.name for each in _authors(executor, wider, more, orderBy="name", sortOrder="asc")]
    titles = [each.title for each in _books(executor, wider, more, orderBy="title", sortOrder="asc")]
    return suggestions.suggested(q, [*names, *titles])


def _authors(executor: Executor, q: str, number: int, **more: str) -> list[Author]:
    return (authors.resource.reader(executor).page(_first(AuthorList, number, q=q, **more))).items


def _books(executor: Executor, q: str, number: int, **more: str) -> list[Book]:
    return (books.reader(executor).page(_first(BookList, number, q=q, **more))).items


operations = [
    page("home", "/ui/", home),
    page("search", "/ui/search", search, query=SearchQuery, refused=reading.search_again),
    page("book", "/ui/book/{slug}", book, needs_transaction=lambda _: True),
    page("feed", "/ui/feed.atom", feed, media_type=ATOM),
]
