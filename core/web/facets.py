"""Facets on pages: the values that a list can be narrowed to, and the plots of the statistics."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from urllib.parse import quote_plus, urlencode

from msgspec import Struct

from diptych.core.catalogue.books.formats import FORMATS
from diptych.core.catalogue.books.schemas import Facet, FacetName, FacetValue
from diptych.core.catalogue.books.years import DECADE
from diptych.core.web.values import decade_text, language_text, time_text
from diptych.core.web.wording import number_text, text

Pairs = Sequence[tuple[str, str]]
"""The parameters of a query, in order."""

BOOKS = "ui/books"

ON_LISTS: Sequence[FacetName] = (
    "tags",
    "language",
    "decade",
    "contributors",
    "series",
    "publisherId",
    "format",
)
"""The facets on the page of a list, in order."""

VALUES_ON_LISTS, OPENED = 8, 3
"""How many values each of them has, and how many of them are open at first."""

COLUMNS = 40
"""Decades of a plot, at most."""

SHARE = 0.02
"""The part of the books that a plot of decades leaves out, at most: one old book is not to flatten the others."""


class FacetLink(Struct, frozen=True):
    """A value. href: of the list that has it, or has it no more if it is active. count: empty where it is unknown."""

    name: str
    href: str
    count: str
    active: bool


class FacetView(Struct, frozen=True):
    """A facet with its values."""

    label: str
    links: Sequence[FacetLink]
    opened: bool


class FacetsView(Struct, frozen=True):
    """The facets of a list. note: how old the numbers are, or why there are none."""

    facets: Sequence[FacetView] = ()
    note: str = ""


class Bar(Struct, frozen=True):
    """A number of a plot. share: of the largest one, in percent."""

    name: str
    href: str
    count: str
    share: float


class Column(Struct, frozen=True):
    """A decade in the plot of decades: a rectangle in a drawing that is 100 high."""

    x: int
    height: float
    href: str
    title: str


class Columns(Struct, frozen=True):
    """The plot of decades. width: of the drawing. first, last: the ends of its axis. earlier: what is not on it."""

    columns: Sequence[Column] = ()
    width: int = 0
    first: str = ""
    last: str = ""
    earlier: str = ""


def at(address: str, pairs: Pairs) -> str:
    """Return an address with parameters."""
    return f"{address}?{urlencode(pairs)}" if pairs else address


def value_text(facet: str, value: FacetValue) -> str:
    """Return a value in words."""
    return filter_text(facet, value.value, value.name)


def filter_text(facet: str, value: str, name: str) -> str:
    """Return a value of a facet in words. name: as it is called in the catalogue."""
    match facet:
        case "language":
            return language_text(value)
        case "decade":
            return decade_text(int(value))
        case "format" if value in FORMATS:
            return text(f"format.{value}")
    return name


def facets_view(address: str, asked: Pairs, facets: Sequence[Facet]) -> FacetsView:
    """Return the facets of a list of books. address, asked: of the list."""
    views: list[FacetView] = []
    for facet in facets:
        if links := _links(address, asked, facet):
            opened = len(views) < OPENED or any(link.active for link in links)
            views.append(FacetView(text(f"facet.{facet.facet}"), links, opened))
    return FacetsView(views, note_on(facets))


def note_on(facets: Sequence[Facet]) -> str:
    """Return how old the numbers of facets are, or why some have none."""
    values = [value for facet in facets for value in facet.values]
    if any(value.count is None for value in values):
        return text("facets.uncounted")
    ages = [facet.counted_at for facet in facets if facet.counted_at is not None]
    return age_text(min(ages)) if ages else ""


def age_text(counted_at: datetime) -> str:
    """Return when numbers were counted."""
    return text("facets.counted_at", time=time_text(counted_at))


def _links(address: str, asked: Pairs, facet: Facet) -> list[FacetLink]:
    links = []
    before = at(address, [*asked, (facet.filter, "")])
    for value in facet.values:
        pair = (facet.filter, value.value)
        active = pair in asked
        href = at(address, [each for each in asked if each != pair]) if active else before + quote_plus(value.value)
        links.append(FacetLink(value_text(facet.facet, value), href, count_text(value.count), active))
    return links


def count_text(count: int | None) -> str:
    """Return a number of books; empty where it is unknown."""
    return "" if count is None else number_text(count)


def chips(facet: Facet, most: int) -> list[FacetLink]:
    """Return the first values of a facet as links to the lists of all books with each."""
    return _links(BOOKS, [], facet)[:most]


def bars(facet: Facet) -> list[Bar]:
    """Return the values of a facet as a plot; none where they are not counted."""
    counts = [value.count for value in facet.values if value.count is not None]
    if not counts:
        return []
    return [
        Bar(value_text(facet.facet, value), at(BOOKS, [(facet.filter, value.value)]), count_text(value.count),
            round(100 * (value.count or 0) / max(counts), 1))
        for value in facet.values
    ]  # fmt: skip


def by_time(facet: Facet) -> Facet:
    """Return the facet of decades in the order of time."""
    return Facet(facet.facet, facet.filter, facet.counted_at, sorted(facet.values, key=lambda each: int(each.value)))


def columns(facet: Facet) -> Columns:
    """Return the plot of decades: the latest ones, as far back as most of the books are; empty without numbers."""
    counts: Mapping[int, int] = {int(each.value): each.count for each in facet.values if each.count is not None}
    if not counts:
        return Columns()
    last = max(counts)
    first = _beginning(counts, last)
    most = max(number for decade, number in counts.items() if decade >= first)
    drawn = [
        Column(
            (decade - first) // DECADE * 10,
            # A single book is to be seen beside a million.
            max(round(100 * counts[decade] / most, 1), 1.0),
            at(BOOKS, [("decadeIn", str(decade))]),
            text("statistics.column", decade=decade_text(decade), n=number_text(counts[decade])),
        )
        for decade in sorted(counts)
        if decade >= first
    ]
    earlier = sum(number for decade, number in counts.items() if decade < first)
    return Columns(
        drawn,
        (last - first) // DECADE * 10 + 10,
        decade_text(first),
        decade_text(last),
        text("statistics.earlier", n=number_text(earlier), decade=decade_text(first)) if earlier else "",
    )


def _beginning(counts: Mapping[int, int], last: int) -> int:
    """Return the first decade of a plot."""
    left_out, allowed = 0, SHARE * sum(counts.values())
    for decade in sorted(counts):
        if left_out + counts[decade] > allowed:
            return max(decade, last - (COLUMNS - 1) * DECADE)
        left_out += counts[decade]
    return last
