# Generated from core/aio/operations/pages/lists.py by tools/unasync.py: do not edit, run "make twins".
"""The lists, and the books of an author, a tag, a publisher or a series."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

from msgspec.structs import replace
from pydantic import create_model

from diptych.core.catalogue.authors import queries as author_queries
from diptych.core.catalogue.books import queries as book_queries
from diptych.core.catalogue.books.schemas import BookFilter, BookList
from diptych.core.catalogue.publishers import queries as publisher_queries
from diptych.core.catalogue.series import queries as series_queries
from diptych.core.catalogue.tags import queries as tag_queries
from diptych.core.engine.resource_spec import ResourceSpec
from diptych.core.formats.registry import format_named
from diptych.core.http.operations import OperationRequest, OperationResult
from diptych.core.sync.operations import authors, book_formats, books, publishers, series, tags
from diptych.core.sync.operations.crud_operations import ReadOnlyResource
from diptych.core.sync.operations.pages.page import html, page
from diptych.core.sync.services.facets import FacetReader
from diptych.core.sync.services.row_reader import Reader
from diptych.core.sync.statement_executor import Executor
from diptych.core.sync.unit_of_work import Database
from diptych.core.web import facets, lists, reading
from diptych.core.web.books import book_line
from diptych.core.web.forms import Refused
from diptych.core.web.frame import frame_of
from diptych.core.web.wording import text

IN_SERIES = 200
"""Books of a series on its page, which are in its order if they are all."""


@dataclass(frozen=True, slots=True)
class _List:
    """The page of a list. listed: the spec with the columns that it shows."""

    resource: ReadOnlyResource
    listed: ResourceSpec

    @property
    def address(self) -> str:
        return f"ui/{self.resource.name}"

    def show(self, executor: Executor, call: OperationRequest) -> OperationResult:
        """Return a page of the list."""
        name = self.resource.name
        found = Reader(executor, self.listed).page(lists.ordered(name, call.query))
        lines = [lists.LINES[name](row) for row in found.items]
        view = lists.list_view(name, self.address, call.query, found, lines)
        return html(lists.list_page(frame_of(f"/{self.address}", call.principal), view, text(f"nav.{name}")))

    def refused(self, refused: Refused) -> bytes:
        """Return the page with what is wrong with its query."""
        view = lists.refused_view(self.resource.name, self.address, refused)
        return lists.list_page(refused.frame, view, text(f"nav.{self.resource.name}"))


@dataclass(frozen=True, slots=True)
class _Books(_List):
    """The page of the list of books, which has facets."""

    def show(self, executor: Executor, call: OperationRequest) -> OperationResult:
        query = call.query
        found = books.page_reader(executor).page(lists.ordered("books", query))
        reader = FacetReader(executor)
        counted = reader.facets(query, facets.ON_LISTS, facets.VALUES_ON_LISTS)
        lines = [book_line(each) for each in found.items]
        view = lists.list_view("books", self.address, query, found, lines, reader.names_in(query))
        view = replace(view, facets=facets.facets_view(self.address, lists.pairs_of(query), counted))
        return html(lists.list_page(frame_of(f"/{self.address}", call.principal), view, text("nav.books")))


@dataclass(frozen=True, slots=True)
class _BooksOf:
    """The page of a row of another resource, with its books.

    column: that it is found by, and the name of the path's parameter. scope: of books, by a list of ids or one.
    """

    path: str
    resource: Any
    heading: Callable[..., reading.Heading]
    scope: Callable[[Any], dict[str, Any]]
    column: str = "slug"

    def show(self, executor: Executor, call: OperationRequest) -> OperationResult:
        """Return the page. Errors: NotFound."""
        reader = self.resource.reader(executor)
        row, names = reader.fetch_with_names(self.column, call.parameters[self.column])
        heading = self.heading(row, names)
        query = lists.ordered(heading.books, call.query)
        found = books.page_reader(executor).page(query, **self.scope(row.id))
        return html(reading.books_of(frame_of(self.path, call.principal), heading, call.query, found))


def show_series(executor: Executor, call: OperationRequest) -> OperationResult:
    """Return the page of a series. Errors: NotFound."""
    row = series.resource.reader(executor).fetch("slug", call.parameters["slug"])
    heading = reading.series_heading(row)
    size = call.query.page_size if "page_size" in call.query.model_fields_set else IN_SERIES
    query = lists.ordered(heading.books, call.query.model_copy(update={"include": ["series"], "page_size": size}))
    found = books.page_reader(executor).page_including(query, series_id=[row.id])
    frame = frame_of("/ui/in-series/{slug}", call.principal)
    return html(reading.books_in_series(frame, heading, row.id, call.query, found))


_FORMAT: Any = Literal[tuple(each.name for each in book_formats.LISTS)]

ExportQuery = create_model("ExportQuery", __base__=BookFilter, format=(_FORMAT, ...))
"""What is exported, and in which format."""


def export(database: Database, call: OperationRequest) -> OperationResult:
    """Stream the books that match: as the API's lists with a suffix, for those who have signed in too."""
    given = {name: value for name, value in dict(call.query).items() if name != "format"}
    return book_formats.stream_as(format_named(call.query.format), database, BookFilter.model_construct(**given))


_LISTS = [
    _Books(books.resource, book_queries.listed),
    _List(authors.resource, author_queries.listed),
    _List(publishers.resource, publisher_queries.listed),
    _List(series.resource, series_queries.listed),
    _List(tags.resource, tag_queries.listed),
]

_BOOKS_OF = {
    "author": _BooksOf(
        "/ui/author/{slug}", authors.resource, reading.author_heading, lambda row_id: {"author": [row_id]}
    ),
    "publisher": _BooksOf(
        "/ui/publisher/{slug}", publishers.resource, reading.publisher_heading, lambda row_id: {"publisher": [row_id]}
    ),
    "tag": _BooksOf("/ui/tag/{id}", tags.resource, reading.tag_heading, lambda row_id: {"tag": row_id}, "id"),
}

# Each reads by two statements, and in no transaction: its begin and end would cost as much as two more.
_of_several = partial(page, query=BookList)

operations = [
    *(
        page(each.resource.name, f"/{each.address}", each.show, query=each.resource.list_query, refused=each.refused)
        for each in _LISTS
    ),
    *(_of_several(name, each.path, each.show) for name, each in _BOOKS_OF.items()),
    _of_several("one_series", "/ui/in-series/{slug}", show_series),
    page("export", "/ui/export", export, "stream", query=ExportQuery, cache_control="no-store"),
]
