"""Feeds of OPDS 2.0, in JSON, after the Readium Web Publication Manifest."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from msgspec import UNSET, Struct, UnsetType, field

from diptych.core.catalogue.authors.schemas import Author
from diptych.core.catalogue.books.schemas import Book, SeriesPosition
from diptych.core.engine.schemas.field_types import UtcTimestamp
from diptych.core.engine.schemas.pagination import ListQuery, Page
from diptych.core.opds import links
from diptych.core.opds.links import OPDS_2, FilesOf, Link, ShownFile, Version, mounted
from diptych.core.web.wording import text

PUBLICATION = "application/opds-publication+json"

INCLUDED = ("tags", "contributors", "publisher", "series")
"""What a publication has of a book besides the book."""

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_NUMBER = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,9})?")
_ROLES = ("author", "translator", "editor", "illustrator", "narrator")
"""The roles that have a member of their own; the others are contributors."""


class Name(Struct, frozen=True):
    """A person, body or subject."""

    name: str


class InSeries(Struct, frozen=True, omit_defaults=True):
    """A series, and the place in it if that is a number."""

    name: str
    position: float | UnsetType = UNSET


class BelongsTo(Struct, frozen=True):
    """What a publication is a part of."""

    series: list[InSeries]


class Metadata(Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """What is known of a publication."""

    type: str = field(name="@type")
    identifier: str
    title: str
    subtitle: str | UnsetType = UNSET
    modified: UtcTimestamp
    published: str | UnsetType = UNSET
    language: str | UnsetType = UNSET
    author: list[Name] | UnsetType = UNSET
    translator: list[Name] | UnsetType = UNSET
    editor: list[Name] | UnsetType = UNSET
    illustrator: list[Name] | UnsetType = UNSET
    narrator: list[Name] | UnsetType = UNSET
    contributor: list[Name] | UnsetType = UNSET
    publisher: Name | UnsetType = UNSET
    subject: list[Name] | UnsetType = UNSET
    description: str | UnsetType = UNSET
    number_of_pages: int | UnsetType = UNSET
    belongs_to: BelongsTo | UnsetType = UNSET


class Publication(Struct, frozen=True, omit_defaults=True):
    """A book that can be acquired."""

    metadata: Metadata
    links: list[Link]
    images: list[Link] | UnsetType = UNSET


class FeedMetadata(Struct, frozen=True, omit_defaults=True, rename="camel"):
    """What is known of a feed. number_of_items: of all pages, where they were counted."""

    title: str
    items_per_page: int | UnsetType = UNSET
    number_of_items: int | UnsetType = UNSET


class Feed(Struct, frozen=True, omit_defaults=True):
    """A feed: of links to others, or of publications."""

    metadata: FeedMetadata
    links: list[Link]
    navigation: list[Link] | UnsetType = UNSET
    publications: list[Publication] | UnsetType = UNSET


def root(prefix: str) -> Feed:
    """Return the first feed."""
    version = mounted(OPDS_2, prefix)
    self_link = Link(rel="self", href=version.root, type=version.navigation)
    return Feed(FeedMetadata(str(text("site.name"))), [self_link, *_common(version)], navigation=version.menu)


def authors(prefix: str, query: ListQuery, page: Page[Author]) -> Feed:
    """Return a page of the feed of authors."""
    version = mounted(OPDS_2, prefix)
    entries = [version.books_of(each) for each in page.items]
    page_links = links.of_page(f"{version.root}/authors", version.navigation, query, page)
    metadata = _metadata(str(text("opds.authors")), page)
    return Feed(metadata, [*page_links, *_common(version)], navigation=entries or version.menu)


def books(prefix: str, query: ListQuery, page: Page[Book], files: FilesOf) -> Feed:
    """Return a page of a feed of books, which have what INCLUDED names. files: of each of them that has any.

    A feed has publications or links to other feeds, and no empty lists: without books it has the links of the root.
    """
    version = mounted(OPDS_2, prefix)
    page_links = links.of_page(f"{version.root}/books", version.acquisition, query, page)
    all_links = [*page_links, *_common(version)]
    metadata = _metadata(links.title_of(query), page)
    if not page.items:
        return Feed(metadata, all_links, navigation=version.menu)
    found = [publication(prefix, each, files.get(each.id, ())) for each in page.items]
    return Feed(metadata, all_links, publications=found)


def publication(prefix: str, book: Book, files: Sequence[ShownFile]) -> Publication:
    """Return a book, which has what INCLUDED names, and files."""
    version = mounted(OPDS_2, prefix)
    self_link = Link(rel="self", href=f"{version.root}/books/{book.id}", type=PUBLICATION)
    acquisition = links.acquisition(book, files, prefix)
    book_links = [self_link, *acquisition, links.web_page(book, prefix)]
    return Publication(_described(book), book_links, links.images(files, prefix) or UNSET)


def _common(version: Version) -> Sequence[Link]:
    search = Link(rel="search", href=f"{version.root}/search{{?query}}", type=version.acquisition, templated=True)
    return version.start, search


def _metadata(title: str, page: Page[Any]) -> FeedMetadata:
    return FeedMetadata(title, page.limit, UNSET if page.total is None else page.total)


def _described(book: Book) -> Metadata:
    people = book.contributors if isinstance(book.contributors, list) else []
    by_role: dict[str, list[Name]] = {}
    for each in people:
        by_role.setdefault(each.role if each.role in _ROLES else "contributor", []).append(Name(each.author.name))
    values: dict[str, Any] = {
        "subtitle": book.subtitle,
        "published": book.published if book.published and _DAY.fullmatch(book.published) else None,
        "language": book.language,
        "publisher": Name(book.publisher.name) if isinstance(book.publisher, Struct) else None,
        "subject": [Name(tag.name) for tag in book.tags] if isinstance(book.tags, list) else None,
        "description": book.description,
        "number_of_pages": book.pages,
        "belongs_to": BelongsTo([_in_series(each) for each in book.series]) if book.series else None,
        **by_role,
    }
    return Metadata(
        type="http://schema.org/Book",
        identifier=f"urn:isbn:{book.isbn}" if book.isbn else f"urn:uuid:{book.id}",
        title=book.title,
        modified=book.updated_at,
        **{name: value for name, value in values.items() if value},
    )


def _in_series(place: SeriesPosition) -> InSeries:
    position = place.position or ""
    return InSeries(place.series.name, float(position) if _NUMBER.fullmatch(position) else UNSET)
