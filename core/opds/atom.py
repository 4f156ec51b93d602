"""Feeds of OPDS 1.2, in Atom (RFC 4287)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from msgspec import Struct

from diptych.core.catalogue.authors.schemas import Author
from diptych.core.catalogue.books.contributors import AUTHOR
from diptych.core.catalogue.books.schemas import Book
from diptych.core.engine.schemas.pagination import ListQuery, Page
from diptych.core.opds import links
from diptych.core.opds.links import OPDS_1, FilesOf, Link, ShownFile, Version, mounted
from diptych.core.web import templates
from diptych.core.web.reading import BEGINNING_OF_TIME
from diptych.core.web.wording import text

SEARCH = "application/opensearchdescription+xml"

INCLUDED = ("tags", "contributors", "publisher")
"""What an entry has of a book besides the book."""


class Identity(Struct, frozen=True):
    """A catalogue: its prefix, the id of its first book, by which it is known, and when a book was changed last."""

    prefix: str
    first: UUID | None
    updated: datetime | None

    def id_of(self, href: str) -> UUID:
        """Return the id of a feed, or of an entry that leads to one; it stays when the catalogue moves (RFC 4287)."""
        return uuid5(self.first or UUID(int=0), href.removeprefix(self.prefix))


class NavigationEntry(Struct, frozen=True):
    """An entry that leads to another feed."""

    id: UUID
    updated: datetime
    link: Link
    about: str = ""


class BookEntry(Struct, frozen=True):
    """A book. issued: the date of its publication, or the year."""

    book: Book
    authors: Sequence[str]
    contributors: Sequence[str]
    issued: str
    links: Sequence[Link]


def root(identity: Identity) -> bytes:
    """Return the first feed."""
    version = mounted(OPDS_1, identity.prefix)
    updated = identity.updated or BEGINNING_OF_TIME
    keys = ("opds.newest_about", "opds.by_title_about", "opds.authors_about")
    entries = [
        NavigationEntry(identity.id_of(link.href), updated, link, text(key))
        for link, key in zip(version.menu, keys, strict=True)
    ]
    self_link = Link(rel="self", href=version.root, type=version.navigation)
    views = {"title": text("site.name"), "total": None, "entries": entries}
    return _feed("opds_navigation.xml", version, identity, [self_link], **views)


def authors(identity: Identity, query: ListQuery, page: Page[Author]) -> bytes:
    """Return a page of the feed of authors."""
    version = mounted(OPDS_1, identity.prefix)
    entries = [NavigationEntry(each.id, each.updated_at, version.books_of(each)) for each in page.items]
    page_links = links.of_page(f"{version.root}/authors", version.navigation, query, page)
    views = {"title": text("opds.authors"), "total": page.total, "entries": entries}
    return _feed("opds_navigation.xml", version, identity, page_links, **views)


def books(identity: Identity, query: ListQuery, page: Page[Book], files: FilesOf) -> bytes:
    """Return a page of a feed of books, which have what INCLUDED names. files: of each of them that has any."""
    version = mounted(OPDS_1, identity.prefix)
    entries = [_book_entry(each, files.get(each.id, ()), identity.prefix) for each in page.items]
    page_links = links.of_page(f"{version.root}/books", version.acquisition, query, page)
    views = {"title": links.title_of(query), "total": page.total, "entries": entries}
    return _feed("opds_books.xml", version, identity, page_links, **views)


def search_description(prefix: str) -> bytes:
    """Return the OpenSearch description of the search for books (OpenSearch 1.1)."""
    version = mounted(OPDS_1, prefix)
    return templates.document("opds_search.xml", books=f"{version.root}/books", media_type=version.acquisition)


def _feed(
    template: str,
    version: Version,
    identity: Identity,
    page_links: Sequence[Link],
    **views: Any,
) -> bytes:
    """Return a feed. page_links: to itself, first, and to other pages. views: title, entries and total, if counted."""
    search = Link(rel="search", href=f"{version.root}/search.xml", type=SEARCH)
    return templates.document(
        template,
        id=identity.id_of(page_links[0].href),
        updated=identity.updated or BEGINNING_OF_TIME,
        links=[*page_links, version.start, search],
        **views,
    )


def _book_entry(book: Book, files: Sequence[ShownFile], prefix: str) -> BookEntry:
    contributors = book.contributors if isinstance(book.contributors, list) else []
    return BookEntry(
        book,
        [each.author.name for each in contributors if each.role == AUTHOR],
        list(dict.fromkeys(each.author.name for each in contributors if each.role != AUTHOR)),
        _issued(book),
        [*links.acquisition(book, files, prefix), *links.images(files, prefix), links.web_page(book, prefix)],
    )


def _issued(book: Book) -> str:
    """Return the beginning of the date of publication, in ISO 8601; empty where no year is known."""
    if book.published is not None:
        return book.published.partition("/")[0]
    return "" if book.year is None else f"{book.year:0{5 if book.year < 0 else 4}}"
