# Generated from core/aio/operations/pages/reading.py by tools/unasync.py: do not edit, run "make twins".
"""The first page, the feed, the search, and a book."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from msgspec.structs import replace
from sqlalchemy import select

from diptych.core.access.accounts.queries import ANY
from diptych.core.catalogue import suggestions as beginning
from diptych.core.catalogue.authors.schemas import Author, AuthorList
from diptych.core.catalogue.books import queries
from diptych.core.catalogue.books.isbn import isbn13
from diptych.core.catalogue.books.model import Book as BookRow
from diptych.core.catalogue.books.schemas import BookFilter, BookList, ListedBook
from diptych.core.engine.facets import MOST
from diptych.core.engine.schemas.pagination import ListQuery, Query, SearchWords
from diptych.core.engine.search_tokens import wanted
from diptych.core.http.operations import OperationRequest, OperationResult
from diptych.core.http.request_response import JSON
from diptych.core.sync.operations import authors, book_formats, books
from diptych.core.sync.operations.pages.page import html, page
from diptych.core.sync.services.facets import FacetReader, own_filters
from diptych.core.sync.services.row_reader import Reader
from diptych.core.sync.statement_executor import Executor
from diptych.core.web import reading, suggested, suggestions
from diptych.core.web.books import book_href
from diptych.core.web.facets import ON_LISTS, VALUES_ON_LISTS
from diptych.core.web.frame import frame_of
from diptych.core.web.reading import ATOM, IN_FEED, IN_STATISTICS, NEWEST, ON_HOME, Found

FIRST = select(BookRow.id).order_by(BookRow.id).limit(1)
"""The id of the first book."""

AUTHORS_FOUND, BOOKS_FOUND = 6, 20
"""Rows on the page of a search."""

AUTHORS_TRIED = 50
"""Authors whose books are searched for the other words of a search, at most."""

ALL = BookFilter()
"""The query that selects all books."""

QueryT = TypeVar("QueryT", bound=ListQuery)


class SuggestionQuery(Query):
    """What was typed so far, and where."""

    of: suggested.Field = "search"
    q: SearchWords = ""


class SearchQuery(Query):
    """What is searched for."""

    q: SearchWords = ""


def home(executor: Executor, call: OperationRequest) -> OperationResult:
    """Return the first page."""
    newest = (books.page_reader(executor).page(_first(BookList, NEWEST))).items
    reader = FacetReader(executor)
    counted = reader.facets(ALL, ON_HOME, MOST)
    sizes = reader.sizes()
    is_new = call.principal.is_anonymous and executor.first(ANY, {}) is None
    return html(reading.home(frame_of("/ui/", call.principal), newest, sizes, counted, is_new=is_new))


def statistics(executor: Executor, call: OperationRequest) -> OperationResult:
    """Return the page of the catalogue in numbers."""
    reader = FacetReader(executor)
    counted = reader.facets(ALL, IN_STATISTICS, MOST)
    return html(reading.statistics(frame_of("/ui/statistics", call.principal), reader.sizes(), counted))


def feed(executor: Executor, call: OperationRequest) -> OperationResult:
    """Return the feed of new books."""
    newest = (books.reader(executor).page(_first(BookList, IN_FEED))).items
    first = executor.first(FIRST, {})
    return OperationResult(reading.feed(frame_of("/ui/feed.atom", call.principal), newest, first[0] if first else None))


def _first(model: type[QueryT], number: int, **more: str) -> QueryT:
    """Return the query for the first rows of a list, uncounted."""
    return model.model_validate({"pageSize": str(number), "total": "false", **more})


def book(executor: Executor, call: OperationRequest) -> OperationResult:
    """Return the page of a book. Errors: NotFound."""
    found = Reader(executor, queries.displayed).fetch("slug", call.parameters["slug"])
    return html(reading.book(frame_of("/ui/book/{slug}", call.principal), found, tuple(book_formats.ONE)))


def search(executor: Executor, call: OperationRequest) -> OperationResult:
    """Lead to the book with an ISBN, or return the page with the authors and books that have all the words."""
    q = call.query.q
    frame = frame_of("/ui/search", call.principal, q)
    if isbn := _isbn(q):
        found = Found(isbn=isbn, books=books.page_reader(executor).by_isbn(isbn))
        if len(found.books) == 1:
            return OperationResult(status=303, headers={"Location": f"/{book_href(found.books[0])}"})
    else:
        found = _found(executor, q) if wanted(q).longest else Found()
    return html(reading.search(frame, found))


def suggest(executor: Executor, call: OperationRequest) -> OperationResult:
    """Return what may be meant by what was typed so far."""
    field, typed = call.query.of, call.query.q
    values, has_words = beginning.parameters(typed)
    if not values["begin"]:
        return OperationResult(suggested.answer(field, []))
    kinds = suggested.KINDS[field]
    rows = executor.all(beginning.statement(kinds, words=has_words), values)
    return OperationResult(suggested.answer(field, beginning.represent(rows, kinds)))


def _isbn(q: str) -> str:
    """Return the ISBN that was typed; empty for something else."""
    try:
        return isbn13(q)
    except ValueError:
        return ""


def _found(executor: Executor, q: str) -> Found:
    """Return the books with all words in their titles, by an author with all of them, or some words in each."""
    found_authors = _authors(executor, q, AUTHORS_FOUND)
    query = _first(BookList, BOOKS_FOUND, q=q)
    found = Found(authors=found_authors, query=query, books=_page(executor, query))
    if not found.books and found_authors:
        by = found_authors[0]
        query = _by(BookList(), [by])
        found = Found(authors=found_authors, query=query, books=_page(executor, query), by=by)
    elif not found.books:
        found = _of_both(executor, q)
    if not found.books and not found.authors:
        return Found(instead=_instead(executor, q))
    own = own_filters(found.query, ON_LISTS)
    others = [name for name in ON_LISTS if name not in own]
    return replace(found, facets=FacetReader(executor).facets(found.query, others, VALUES_ON_LISTS))


def _of_both(executor: Executor, q: str) -> Found:
    """Return the books that have some words in their titles, and the others in the name of one of their authors."""
    known: dict[str, list[Author]] = {}
    for names, others in [*suggestions.splits(q), *suggestions.of_two(q)]:
        for name in names:
            if name not in known:
                known[name] = _authors(executor, name, AUTHORS_TRIED, orderBy="name", sortOrder="asc")
        if all(known[name] for name in names):
            people = [each for name in names for each in known[name][: AUTHORS_TRIED // len(names)]]
            query = _by(_first(BookList, BOOKS_FOUND, q=others), people)
            if found := _page(executor, query):
                own = {each.id for book in found for each in (book.author, book.second) if each is not None}
                shown = [each for each in people if each.id in own][:AUTHORS_FOUND]
                return Found(authors=shown, query=query, books=found)
    return Found()


def _by(query: Any, people: Sequence[Author]) -> Any:
    """Return the query for the books of some people within another; of all books, by title."""
    of_people = {"contributors_in": [each.id for each in people]}
    by_title = {} if query.q else {"page_size": BOOKS_FOUND, "total": False, "order_by": "title", "sort_order": "asc"}
    return query.model_copy(update=of_people | by_title)


def _instead(executor: Executor, q: str) -> str:
    """Return a search that finds something, and is much like one that finds nothing; empty where none is."""
    wider = suggestions.beginnings(q)
    if not wider:
        return ""
    more = suggestions.CANDIDATES
    names = [each.name for each in _authors(executor, wider, more, orderBy="name", sortOrder="asc")]
    query = _first(BookList, more, q=wider, orderBy="title", sortOrder="asc")
    titles = [each.title for each in _page(executor, query)]
    return suggestions.suggested(q, [*names, *titles])


def _authors(executor: Executor, q: str, number: int, **more: str) -> list[Author]:
    return (authors.resource.reader(executor).page(_first(AuthorList, number, q=q, **more))).items


def _page(executor: Executor, query: Any) -> list[ListedBook]:
    return (books.page_reader(executor).page(query)).items


_FOR_A_MINUTE = "private, max-age=60"
"""Of suggestions, which are asked for again with each letter that is removed."""

operations = [
    page(
        "suggestions",
        "/ui/suggestions",
        suggest,
        query=SuggestionQuery,
        media_type=JSON,
        cache_control=_FOR_A_MINUTE,
    ),
    page("home", "/ui/", home),
    page("statistics", "/ui/statistics", statistics),
    page("search", "/ui/search", search, query=SearchQuery, refused=reading.search_again),
    page("book", "/ui/book/{slug}", book),
    page("feed", "/ui/feed.atom", feed, media_type=ATOM),
]
