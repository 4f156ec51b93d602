"""The links of feeds and of the books in them, which OPDS 1.2 and 2.0 have in common."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from msgspec import UNSET, Struct, UnsetType

from diptych.core.catalogue.authors.schemas import Author
from diptych.core.catalogue.books.schemas import Book
from diptych.core.engine.schemas.pagination import ListQuery, Page
from diptych.core.files.content.media_types import ACCEPTED, GIF, JPEG, PNG
from diptych.core.files.schemas import BookFile
from diptych.core.http.pagination_links import places_of
from diptych.core.web.books import book_href
from diptych.core.web.facets import Pairs, at
from diptych.core.web.lists import pairs_of
from diptych.core.web.wording import text

ACQUISITION = "http://opds-spec.org/acquisition"
IMAGE, THUMBNAIL = "http://opds-spec.org/image", "http://opds-spec.org/image/thumbnail"
NEWEST = "http://opds-spec.org/sort/new"
SUBSECTION = "subsection"

HTML = "text/html"

_MENU: Sequence[tuple[str, str, str, Pairs]] = (
    ("opds.newest", NEWEST, "books", ()),
    ("opds.by_title", SUBSECTION, "books", (("orderBy", "title"), ("sortOrder", "asc"))),
    ("opds.authors", SUBSECTION, "authors", (("orderBy", "name"), ("sortOrder", "asc"))),
)
"""The entries of the root: the key of the title, the relation, the feed and its parameters."""

_RELATIONS = {"first": "first", "prev": "previous", "next": "next", "last": "last"}
"""The relations between pages (RFC 5005, OPDS 2.0), by those of a Link header."""

# Not urlsplit, which refuses some of the addresses that records may have.
_PARTS = re.compile("([^:]+://[^/?#]*)([^?#]*)(.*)")

_IMAGE_TYPES = (JPEG.media_type, PNG.media_type, GIF.media_type)
_BOOK_TYPES = {each.suffix: each.media_type for each in ACCEPTED if each.kind == "book"}


class ShownFile(Struct, frozen=True):
    """A file of a book, and whether there are copies of its image for display."""

    file: BookFile
    has_copies: bool


FilesOf = Mapping[UUID, Sequence[ShownFile]]
"""The files of books, by the id of the book."""


class Link(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A link. href: an absolute path, or the address of another site."""

    rel: str
    href: str
    type: str
    title: str | UnsetType = UNSET
    templated: bool | UnsetType = UNSET


class Version(Struct, frozen=True):
    """A version of OPDS. root: the path of its first feed. navigation, acquisition: the media types of its feeds."""

    root: str
    navigation: str
    acquisition: str

    @property
    def start(self) -> Link:
        """The link to the first feed."""
        return Link(rel="start", href=self.root, type=self.navigation)

    @property
    def menu(self) -> list[Link]:
        """The links of the first feed to others."""
        types = {"books": self.acquisition, "authors": self.navigation}
        return [
            Link(rel=rel, href=at(f"{self.root}/{name}", query), type=types[name], title=str(text(key)))
            for key, rel, name, query in _MENU
        ]

    def books_of(self, author: Author) -> Link:
        """Return the link to the books of an author."""
        href = at(f"{self.root}/books", [("contributorsIn", str(author.id))])
        return Link(rel=SUBSECTION, href=href, type=self.acquisition, title=author.name)


OPDS_1 = Version(
    "/opds",
    "application/atom+xml;profile=opds-catalog;kind=navigation",
    "application/atom+xml;profile=opds-catalog;kind=acquisition",
)
OPDS_2 = Version("/opds/v2", "application/opds+json", "application/opds+json")


def mounted(version: Version, prefix: str) -> Version:
    """Return a version of OPDS in a catalogue that is mounted under a prefix."""
    return Version(prefix + version.root, version.navigation, version.acquisition)


def of_page(path: str, media_type: str, query: ListQuery, page: Page[Any]) -> list[Link]:
    """Return the links of a page of a feed to itself, and to the other pages."""
    asked = pairs_of(query)
    place: Pairs = []
    if query.cursor is not None:
        place = [("cursor", str(query.cursor))]
    elif query.current_page > 1:
        place = [("currentPage", str(query.current_page))]
    places: dict[str, Pairs] = {"self": place}
    places |= {_RELATIONS[relation]: pairs for relation, pairs in places_of(page).items()}
    return [Link(rel=relation, href=at(path, [*asked, *pairs]), type=media_type) for relation, pairs in places.items()]


def acquisition(book: Book, files: Sequence[ShownFile], prefix: str) -> list[Link]:
    """Return the links by which a book can be acquired: to its files, and the link in its record.

    The type of the latter is that of an e-book by the end of its path, and otherwise that of a web page.
    """
    ebooks = [each.file for each in _of(files, "ebook")]
    found = [Link(rel=ACQUISITION, href=_href(each, prefix), type=each.media_type) for each in ebooks]
    if book.url is not None:
        found.append(_link_of_record(book.url))
    return found


def _link_of_record(url: str) -> Link:
    """Return the link in the record of a book. Behind the host, square brackets are percent-encoded (RFC 3986)."""
    host, path, rest = _PARTS.findall(url)[0]
    suffix = posixpath.splitext(path)[1].lower()
    href = host + (path + rest).replace("[", "%5B").replace("]", "%5D")
    return Link(rel=ACQUISITION, href=href, type=_BOOK_TYPES.get(suffix, HTML))


def images(files: Sequence[ShownFile], prefix: str) -> list[Link]:
    """Return the links to the first cover of a book, or that of its first e-book which has one: copies for display.

    Before there are copies, the cover itself is shown, if e-readers have to know its type (OPDS 1.2, section 5.2.2).
    """
    for shown in [*_of(files, "cover"), *_of(files, "ebook")]:
        href = _href(shown.file, prefix)
        if shown.has_copies:
            return [
                Link(rel=rel, href=f"{href}/copies/{size}{JPEG.suffix}", type=JPEG.media_type)
                for rel, size in ((IMAGE, "large"), (THUMBNAIL, "small"))
            ]
        if shown.file.media_type in _IMAGE_TYPES:
            return [Link(rel=IMAGE, href=href, type=shown.file.media_type)]
    return []


def _of(files: Sequence[ShownFile], kind: str) -> list[ShownFile]:
    return [each for each in files if each.file.kind == kind]


def _href(file: BookFile, prefix: str) -> str:
    return f"{prefix}/books/{file.book_id}/files/{file.id}"


def web_page(book: Book, prefix: str) -> Link:
    """Return the link to the page of a book for people."""
    return Link(rel="alternate", href=f"{prefix}/{book_href(book)}", type=HTML)


def title_of(query: ListQuery) -> str:
    """Return the title of a feed of books."""
    if query.q:
        return f"{text('nav.books')}: {query.q}"
    return str(text("opds.by_title" if query.order_by == "title" else "nav.books"))
