"""What pages show of books."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar
from urllib.parse import urlsplit
from uuid import UUID

from msgspec import Struct, UnsetType

from diptych.core.catalogue.books.contributors import AUTHOR
from diptych.core.catalogue.books.schemas import Book, Contributor, Identifier, ListedBook, SeriesReference
from diptych.core.catalogue.publishers.schemas import Publisher
from diptych.core.catalogue.series.schemas import Series
from diptych.core.catalogue.tags.schemas import Tag
from diptych.core.web.values import date_text, day_text, language_text, segment, year_text
from diptych.core.web.wording import count, number_text, text

T = TypeVar("T")


LONG = 120
"""Characters of a title that is shown smaller."""


class Link(Struct, frozen=True):
    """A link to another page. href: from the root of the mount. note: what stands after it."""

    name: str
    href: str
    note: str = ""


class Picture(Struct, frozen=True):
    """A cover as it is shown. href: of its copies, without the suffix. width, height: in pixels."""

    href: str
    width: int
    height: int


class BookLine(Struct, frozen=True):
    """A book in a list.

    language: of its title, as a tag. authors: the first two; the note of the first is a comma where a second follows.
    others: words for more of them. facts: in one line under the title. cover: None where there is none.
    """

    title: str
    subtitle: str
    href: str
    language: str
    authors: Sequence[Link]
    others: str
    facts: Sequence[str]
    cover: Picture | None = None


class Fact(Struct, frozen=True):
    """A fact about a book: text, or links to other pages."""

    label: str
    text: str = ""
    links: Sequence[Link] = ()
    language: str = ""


class BookView(Struct, frozen=True):
    """All that the page of a book shows.

    language: of its title, as a tag. authors: in order. formats: links to other representations. url: elsewhere.
    """

    title: str
    subtitle: str
    language: str
    authors: Sequence[Link]
    description: str
    facts: Sequence[Fact]
    tags: Sequence[Link]
    formats: Sequence[Link]
    url: str

    @property
    def is_long(self) -> bool:
        """Whether the title would fill a small screen in the size of a heading."""
        return len(self.title) > LONG

    @property
    def host(self) -> str:
        """The host of the address elsewhere."""
        return urlsplit(self.url).netloc


def book_line(book: ListedBook, note: str = "", without: UUID | None = None) -> BookLine:
    """Return the line of a book in a list. note: comes first under the title. without: an author who is not named."""
    facts = [
        note,
        year_text(book.year),
        "" if book.language is None else language_text(book.language),
        "" if book.format is None else text(f"format.{book.format}"),
    ]
    named = [each for each in (book.author, book.second) if each is not None and each.id != without]
    return BookLine(
        book.title,
        book.subtitle or "",
        book_href(book),
        book.language or "",
        [Link(each.name, author_href(each.slug), "," if each is not named[-1] else "") for each in named],
        count("book.further", book.further) if book.further else "",
        [fact for fact in facts if fact],
        None if book.cover is None else picture(book.cover.original, "small", book.cover.width, book.cover.height),
    )


def picture(original: str, size: str, width: int, height: int) -> Picture:
    """Return the picture of a cover. original: the SHA-256 of the file. size, width, height: of its copies."""
    return Picture(f"ui/cover/{original}/{size}", width, height)


def book_href(book: Book | ListedBook) -> str:
    """Return the address of a book's page."""
    return f"ui/book/{segment(book.slug)}"


def publisher_href(publisher: Publisher) -> str:
    """Return the address of a publisher's page."""
    return f"ui/publisher/{segment(publisher.slug)}"


def series_href(series: Series | SeriesReference) -> str:
    """Return the address of the page of a series: not /ui/series/{slug}, because a slug can be any word."""
    return f"ui/in-series/{segment(series.slug)}"


def tag_href(tag: Tag) -> str:
    """Return the address of a tag's page. By its id, because a name may have slashes, or be two dots."""
    return f"ui/tag/{tag.id}"


def author_href(slug: str) -> str:
    """Return the address of an author's page."""
    return f"ui/author/{segment(slug)}"


def book_view(book: Book, suffixes: Sequence[str]) -> BookView:
    """Return the view of a book that was read with all that belongs to it. suffixes: of other formats."""
    contributors = _given(book.contributors)
    authors = [_person(each) for each in contributors if each.role == AUTHOR]
    tags = [Link(each.name, tag_href(each)) for each in _given(book.tags)]
    formats = [Link(text(f"suffix.{suffix[1:]}"), f"ui/record/{book.id}{suffix}") for suffix in suffixes]
    return BookView(
        book.title,
        book.subtitle or "",
        book.language or "",
        authors,
        book.description or "",
        [*_people(contributors), *_facts(book)],
        tags,
        [*formats, Link(text("suffix.json"), f"ui/record/{book.id}")],
        book.url or "",
    )


def _given(values: Sequence[T] | UnsetType) -> Sequence[T]:
    """Return what was asked for by `include`."""
    return () if isinstance(values, UnsetType) else values


def _person(contributor: Contributor) -> Link:
    return Link(contributor.author.name, author_href(contributor.author.slug))


def _people(contributors: Sequence[Contributor]) -> list[Fact]:
    """Return the contributors who are not authors, by role."""
    roles = list(dict.fromkeys(each.role for each in contributors if each.role != AUTHOR))
    return [
        Fact(text(f"role.{role}"), links=[_person(each) for each in contributors if each.role == role])
        for role in roles
    ]


def _facts(book: Book) -> list[Fact]:
    published = date_text(book.published) if book.published else year_text(book.year)
    publisher = [Link(book.publisher.name, publisher_href(book.publisher))] if book.publisher else []
    original_language = book.original_language
    changed = book.updated_at.date() != book.created_at.date()
    facts = [
        Fact(text("book.series"), links=_series(book)),
        Fact(text("book.published"), published),
        Fact(text("book.publisher"), links=publisher),
        Fact(text("book.edition"), book.edition or ""),
        Fact(text("book.language"), language_text(book.language) if book.language else ""),
        Fact(text("book.format"), text(f"format.{book.format}") if book.format else ""),
        Fact(text("book.pages"), number_text(book.pages) if book.pages else ""),
        Fact(text("book.original_title"), book.original_title or "", language=original_language or ""),
        Fact(text("book.original_language"), language_text(original_language) if original_language else ""),
        Fact(text("book.original_year"), year_text(book.original_year)),
        Fact(text("book.isbn"), book.isbn or ""),
        *_identifiers(_given(book.identifiers)),
        Fact(text("book.added"), day_text(book.created_at)),
        Fact(text("book.changed"), day_text(book.updated_at) if changed else ""),
    ]
    return [fact for fact in facts if fact.text or fact.links]


def _series(book: Book) -> list[Link]:
    return [Link(each.series.name, series_href(each.series), each.position or "") for each in _given(book.series)]


def _identifiers(identifiers: Sequence[Identifier]) -> list[Fact]:
    schemes = list(dict.fromkeys(each.scheme for each in identifiers))
    return [
        Fact(text(f"scheme.{scheme}"), ", ".join(each.value for each in identifiers if each.scheme == scheme))
        for scheme in schemes
    ]
