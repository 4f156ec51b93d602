"""The pages that show the catalogue, made of what was read."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from diptych.core.catalogue.authors.schemas import Author
from diptych.core.catalogue.books.schemas import Book, DisplayedBook, Facet, FacetName, ListedBook
from diptych.core.catalogue.publishers.schemas import Publisher
from diptych.core.catalogue.series.schemas import Series
from diptych.core.catalogue.sizes import COUNTED, Sizes
from diptych.core.catalogue.tags.schemas import Tag
from diptych.core.engine.schemas.pagination import ListQuery, Page
from diptych.core.web import facets, templates
from diptych.core.web.book_files import files_view
from diptych.core.web.books import (
    BookLine,
    Link,
    author_href,
    book_href,
    book_line,
    book_view,
    publisher_href,
    series_href,
    tag_href,
)
from diptych.core.web.facets import Pairs
from diptych.core.web.forms import Form, Refused
from diptych.core.web.frame import Frame
from diptych.core.web.lists import ListView, author_line, list_view, pairs_of
from diptych.core.web.values import life_text
from diptych.core.web.wording import count, number_text, text

NEWEST, IN_FEED = 10, 50
"""Books on the first page, and in the feed."""

ON_HOME: Sequence[FacetName] = ("tags", "language", "decade")
"""The facets on the first page."""

TAGS_ON_HOME, LANGUAGES_ON_HOME = 12, 8

IN_STATISTICS: Sequence[FacetName] = ("decade", "language")
"""The facets that are plotted."""

ATOM = "application/atom+xml; charset=utf-8"

BEGINNING_OF_TIME = datetime(1970, 1, 1, tzinfo=UTC)


def home(
    frame: Frame, newest: Sequence[ListedBook], sizes: Sizes, counted: Sequence[Facet], *, is_new: bool = False
) -> bytes:
    """Return the first page. counted: the facets ON_HOME. is_new: whether nobody has an account yet."""
    tags, language, decade = counted
    return templates.render(
        "home.html",
        frame,
        newest=[book_line(each) for each in newest],
        counts=_counts(sizes),
        browse=[
            (text(f"facet.{each.facet}"), facets.chips(each, most))
            for each, most in ((tags, TAGS_ON_HOME), (language, LANGUAGES_ON_HOME))
            if each.values
        ],
        columns=facets.columns(decade),
        note=facets.note_on(counted),
        is_new=is_new,
    )


def statistics(frame: Frame, sizes: Sizes, counted: Sequence[Facet]) -> bytes:
    """Return the page of the catalogue in numbers. counted: the facets IN_STATISTICS."""
    decade, language = counted
    return templates.render(
        "statistics.html",
        frame,
        counts=_counts(sizes),
        columns=facets.columns(decade),
        decades=facets.bars(facets.by_time(decade)),
        languages=facets.bars(language),
        age=facets.age_text(sizes.counted_at) if sizes.counted_at else "",
        uncounted=any(value.count is None for each in counted for value in each.values),
    )


def _counts(sizes: Sizes) -> list[Link]:
    """Return how many there are of each kind, as links to the lists."""
    exact = sizes.counted_at is not None
    return [
        Link(
            count(f"list.{kind}", size) if exact or size <= COUNTED else text(f"many.{kind}", n=number_text(COUNTED)),
            f"ui/{kind}",
        )
        for kind, size in sizes.numbers.items()
    ]


def feed(frame: Frame, newest: Sequence[Book], first: UUID | None) -> bytes:
    """Return the Atom feed of new books (RFC 4287). first: the id of the first book, by which the feed is known."""
    entries = [(book, book_href(book)) for book in newest]
    updated = max((book.updated_at for book in newest), default=BEGINNING_OF_TIME)
    return templates.render("feed.xml", frame, entries=entries, updated=updated, first=first or UUID(int=0))


class Found(Struct, frozen=True):
    """What a search has found.

    isbn: what was searched for, if it is one. query: that finds the books in the list of books, and facets of that
    list. by: the author whose books are shown, where no title has the words.
    instead: another search that finds something, where this one finds nothing.
    """

    isbn: str = ""
    authors: Sequence[Author] = ()
    query: Any = None
    books: Sequence[ListedBook] = ()
    facets: Sequence[Facet] = ()
    by: Author | None = None
    instead: str = ""


def search_again(refused: Refused) -> bytes:
    """Return the page of a search that was refused, with the reason."""
    frame = replace(refused.frame, search=refused.typed.get("q", ""))
    return search(frame, Found(), refused.form.wrong.get("q", refused.problem.detail))


def search(frame: Frame, found: Found, wrong: str = "") -> bytes:
    """Return the page of a search. wrong: why it was refused."""
    return templates.render(
        "search.html",
        frame,
        found=found,
        wrong=wrong,
        authors=[author_line(each) for each in found.authors],
        books=[book_line(each, without=found.by.id if found.by else None) for each in found.books],
        all_books="" if found.query is None else facets.at(facets.BOOKS, _selecting(found.query)),
        facets=facets.facets_view(facets.BOOKS, _selecting(found.query), found.facets) if found.query else None,
    )


def _selecting(query: ListQuery) -> Pairs:
    """Return the parameters of a query that select rows."""
    return [pair for pair in pairs_of(query) if pair[0] not in ("pageSize", "total", "orderBy", "sortOrder")]


def book(frame: Frame, shown: DisplayedBook, suffixes: Sequence[str]) -> bytes:
    """Return the page of a book. suffixes: of its other formats."""
    book, href = shown.book, book_href(shown.book)
    return templates.render(
        "book.html",
        frame,
        book=book_view(book, suffixes),
        href=href,
        files=files_view(shown.files, href),
        no_form=Form(),
        editions=[book_line(each, without=book.author_id) for each in shown.editions],
        others=[book_line(each, without=book.author_id) for each in shown.others],
    )


class Heading(Struct, frozen=True):
    """What stands above the books of an author, a tag, a publisher or a series. href: of the page, from the root."""

    kind: str
    href: str
    name: str
    facts: Sequence[str] = ()
    description: str = ""
    author_id: UUID | None = None

    @property
    def books(self) -> str:
        """The kind of the list of books."""
        return "works" if self.kind in ("author", "series") else "books"


def author_heading(author: Author, names: Sequence[str]) -> Heading:
    """Return the heading of an author. names: the other ones."""
    facts = [life_text(author.birth_year, author.death_year), _also(names)]
    return Heading(
        "author", author_href(author.slug), author.name, [fact for fact in facts if fact], author_id=author.id
    )


def tag_heading(tag: Tag, names: Sequence[str]) -> Heading:
    """Return the heading of a tag. names: the other ones."""
    facts = [text("tag.scheme", scheme=tag.scheme) if tag.scheme else "", _also(names)]
    return Heading("tag", tag_href(tag), tag.name, [fact for fact in facts if fact], tag.description or "")


def publisher_heading(publisher: Publisher, names: Sequence[str]) -> Heading:
    """Return the heading of a publisher. names: the other ones."""
    return Heading("publisher", publisher_href(publisher), publisher.name, [_also(names)] if names else [])


def series_heading(series: Series) -> Heading:
    """Return the heading of a series."""
    return Heading("series", series_href(series), series.name)


def _also(names: Sequence[str]) -> str:
    return text("name.also", names=", ".join(names)) if names else ""


def books_of(frame: Frame, heading: Heading, query: ListQuery, page: Page[ListedBook]) -> bytes:
    """Return the page of a row with its books."""
    lines = [book_line(each, without=heading.author_id) for each in page.items]
    view = list_view(heading.books, heading.href, query, page, lines)
    return _books_page(frame, heading, view)


def books_in_series(frame: Frame, heading: Heading, series_id: UUID, query: ListQuery, page: Page[ListedBook]) -> bytes:
    """Return the page of a series with its books, in its order if they are all there."""
    placed = [(_position(each, series_id), each) for each in page.items]
    whole, asked = page.next is None and page.previous is None, "order_by" in query.model_fields_set
    if whole and not asked:
        placed.sort(key=lambda pair: _by_number(pair[0]))
    lines: list[BookLine] = [
        book_line(each, text("series.position", position=position) if position else "") for position, each in placed
    ]
    view = list_view(heading.books, heading.href, query, page, lines)
    if whole:
        by_position = Link(text("order.position"), heading.href if asked else "")
        by_year = Link(text("order.year.asc"), f"{heading.href}?orderBy=year&sortOrder=asc")
        view = replace(view, orders=[by_position, *([*view.orders] if asked else [by_year, *view.orders[1:]])])
    return _books_page(frame, heading, view)


def _books_page(frame: Frame, heading: Heading, view: ListView) -> bytes:
    return templates.render("books_of.html", frame, heading=heading, view=view)


def _position(book: ListedBook, series_id: UUID) -> str:
    places = book.series if isinstance(book.series, list) else []
    return next((each.position or "" for each in places if each.series.id == series_id), "")


def _by_number(position: str) -> tuple[bool, list[tuple[int, str]]]:
    """Return the key that puts 2 before 10, and books without a position last."""
    return not position, [(int(number or 0), word) for number, word in re.findall(r"(\d+)|(\D+)", position)]
