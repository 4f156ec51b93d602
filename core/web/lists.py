"""What pages show of lists: rows, filters, orders and the way to other pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from msgspec import Struct

from diptych.core.catalogue.authors.schemas import Author
from diptych.core.catalogue.publishers.schemas import Publisher
from diptych.core.catalogue.series.schemas import Series
from diptych.core.catalogue.tags.schemas import Tag
from diptych.core.engine.schemas.pagination import RELEVANCE, ListQuery, Page, PageQuery
from diptych.core.http import query_string
from diptych.core.http.pagination_links import PLACES, places_of
from diptych.core.web import templates
from diptych.core.web.books import BookLine, Link, author_href, book_line, publisher_href, series_href, tag_href
from diptych.core.web.facets import FacetsView, Pairs, at, filter_text
from diptych.core.web.forms import Form, Refused
from diptych.core.web.frame import Frame
from diptych.core.web.values import life_text
from diptych.core.web.wording import TEXTS, count, number_text, text

FIELDS: Mapping[str, Sequence[str]] = {"books": ("q", "languageIn", "yearIn", "tagsIn")}
"""The fields of a list's form, where it is more than the words of a name."""

BY_NAME = (("name", "asc"), ("created_at", "desc"))

ORDERS: Mapping[str, Sequence[tuple[str, str]]] = {
    "books": (("created_at", "desc"), ("title", "asc"), ("year", "desc"), ("year", "asc")),
    "works": (("year", "asc"), ("year", "desc"), ("title", "asc"), ("created_at", "desc")),
}
"""The orders of a list, the first one where no other is asked for. works: the books of an author, or in a series."""


NO_FILTERS = ("orderBy", "sortOrder", "pageSize", "total", "include")
"""Parameters of a list that do not select rows."""

EXPORTS = ("csv", "bibtex", "ris", "marc", "marcxml", "jsonl")
"""The formats in which a list of books is exported."""


class Pager(Struct, frozen=True):
    """The way to other pages of a list; an address is empty where there is none."""

    place: str
    previous: str
    next: str


class ListView(Struct, frozen=True):
    """A list.

    name: such as "books". address: of the list, from the root. hidden: parameters that its form keeps. filters: what
    the rows are selected by besides its words, each with the address without it. orders: each with its address, empty
    for the one it has. lines: BookLine, or Link for a name. facets: of a list of books. query: what was asked for
    of books, with "?"; empty for nothing. exports: all that matches, in other formats.
    """

    name: str
    address: str
    form: Form
    hidden: Pairs
    filters: Sequence[Link]
    orders: Sequence[Link]
    lines: Sequence[BookLine | Link]
    total: str
    pager: Pager
    facets: FacetsView = FacetsView()
    query: str = ""
    exports: Sequence[Link] = ()

    @property
    def has_wrong_filter(self) -> bool:
        """Whether a field besides the words is wrong."""
        return any(field in self.form.wrong for field in FIELDS.get(self.name, ("q",))[1:])


def orders_of(name: str) -> Sequence[tuple[str, str]]:
    """Return the orders of a list, each as orderBy and sortOrder."""
    return ORDERS.get(name, BY_NAME)


def ordered(name: str, query: ListQuery) -> ListQuery:
    """Return the query in the first order of a list of pages, unless it has another."""
    order_by, sort_order = orders_of(name)[0]
    if "order_by" in query.model_fields_set:
        return query
    return query.model_copy(update={"order_by": order_by, "sort_order": sort_order})


def list_view(  # noqa: PLR0913, PLR0917 - what a list is
    kind: str,
    address: str,
    query: ListQuery,
    page: Page[Any],
    lines: Sequence[BookLine | Link],
    names: Mapping[str, str] = MappingProxyType({}),
) -> ListView:
    """Return the view of a page of a list, without facets.

    kind: its name, or works. query: as it was asked, before `ordered`. names: of rows in its filters, by their ids.
    """
    name = "books" if kind == "works" else kind
    asked = pairs_of(query)
    typed = dict(asked)
    fields = FIELDS.get(name, ("q",))
    return ListView(
        name=name,
        address=address,
        form=Form({field: typed.get(field, "") for field in fields}),
        # Of several values of a field, it shows the last.
        hidden=[(field, value) for field, value in asked if field not in fields or value != typed[field]],
        filters=_filters(address, asked, names),
        orders=_orders(kind, address, asked, query),
        lines=lines,
        total="" if page.total is None else count(f"list.{name}", page.total),
        pager=pager_of(address, asked, page),
        query=at("", asked) if name == "books" else "",
        exports=_exports(asked) if kind == "books" and page.items else (),
    )


def _exports(asked: Pairs) -> list[Link]:
    """Return the links to all books that match, in other formats."""
    filters = at("", [pair for pair in asked if pair[0] not in NO_FILTERS]).replace("?", "&", 1)
    return [Link(text(f"export.{name}"), f"ui/export?format={name}{filters}") for name in EXPORTS]


def refused_view(name: str, address: str, refused: Refused) -> ListView:
    """Return the view of a list whose query was refused: its form with the errors, and hidden valid parameters."""
    form, asked = refused.form, query_string.pairs(refused.address.partition("?")[2])
    others = [(field, value) for field, value in asked if value and field not in (*PLACES, *form.wrong)]
    hidden = [(field, value) for field, value in others if field not in FIELDS.get(name, ("q",))]
    return ListView(name, address, form, hidden, [], [], [], "", Pager("", "", ""))


def list_page(frame: Frame, view: ListView, heading: str) -> bytes:
    """Return the page of a list."""
    name = "books.html" if view.name == "books" else "names.html"
    return templates.render(name, frame, view=view, heading=heading, current=view.name)


def author_line(author: Author) -> Link:
    """Return the line of an author in a list."""
    return Link(author.name, author_href(author.slug), life_text(author.birth_year, author.death_year))


def tag_line(tag: Tag) -> Link:
    """Return the line of a tag in a list."""
    return Link(tag.name, tag_href(tag), tag.scheme or "")


def publisher_line(publisher: Publisher) -> Link:
    """Return the line of a publisher in a list."""
    return Link(publisher.name, publisher_href(publisher))


def series_line(series: Series) -> Link:
    """Return the line of a series in a list."""
    return Link(series.name, series_href(series))


LINES: Mapping[str, Any] = {
    "authors": author_line,
    "books": book_line,
    "publishers": publisher_line,
    "series": series_line,
    "tags": tag_line,
}
"""The function that makes the line of a row, by list."""


def pairs_of(query: PageQuery) -> Pairs:
    """Return the parameters of a query, without the place of the page."""
    given = query.model_dump(mode="json", by_alias=True, exclude_unset=True, exclude={"cursor", "current_page"})
    if given.get("orderBy") == RELEVANCE:
        del given["orderBy"]  # which `q` brings with it
    found: list[tuple[str, str]] = []
    for name, value in given.items():
        values = value if isinstance(value, list) else [value]
        found += [(name, str(each).lower() if isinstance(each, bool) else str(each)) for each in values]
    return found


def _filters(address: str, asked: Pairs, names: Mapping[str, str]) -> list[Link]:
    """Return what rows are selected by, besides words, each with the address without it."""
    return [
        Link(_filter_text(name, value, names), at(address, [*asked[:place], *asked[place + 1 :]]))
        for place, (name, value) in enumerate(asked)
        if name not in ("q", "orderBy", "sortOrder", "pageSize", "total", "include", "searchIgnoreCase")
    ]


def _filter_text(name: str, value: str, names: Mapping[str, str]) -> str:
    shown = filter_text(name.removesuffix("In"), value, names.get(value, value))
    if f"filter.{name}" in TEXTS:
        return text(f"filter.{name}", value=shown)
    return text("filter.other", name=name, value=shown)


def _orders(name: str, address: str, asked: Pairs, query: ListQuery) -> list[Link]:
    others = [pair for pair in asked if pair[0] not in ("orderBy", "sortOrder", *PLACES)]
    searching = any(pair[0] == "q" for pair in asked)
    now = (query.order_by, query.sort_order) if "order_by" in query.model_fields_set else orders_of(name)[0]
    found = []
    if searching:
        found.append(Link(text("order.relevance"), "" if now[0] == RELEVANCE else at(address, others)))
    # Encoded once: names of orders have nothing to encode.
    before = at(address, [*others, ("orderBy", "")])
    for by, way in orders_of(name):
        href = "" if (by, way) == now else f"{before}{by}&sortOrder={way}"
        found.append(Link(text(f"order.{by}.{way}"), href))
    return found


def pager_of(address: str, asked: Pairs, page: Page[Any]) -> Pager:
    """Return the way to other pages of a list at an address. asked: its parameters, as `pairs_of` returns them."""
    places = places_of(page)
    leading = {name: at(address, [*asked, *places[name]]) for name in ("prev", "next") if name in places}
    place = ""
    if page.offset is not None and page.total:
        number, last = page.offset // page.limit + 1, -(-page.total // page.limit)
        if last > 1 and number <= last:
            place = text("list.place", number=number_text(number), last=number_text(last))
    return Pager(place, leading.get("prev", ""), leading.get("next", ""))
