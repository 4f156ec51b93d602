"""What feeds for e-readers make of books; tests/contract/test_opds.py reads them over HTTP."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from datetime import UTC, datetime
from uuid import UUID

import msgspec
import pytest

from diptych.core.catalogue.books.schemas import Book, BookFeed, SeriesPosition, SeriesReference
from diptych.core.engine.schemas.pagination import Page
from diptych.core.files.schemas import BookFile
from diptych.core.opds import atom, links, publications
from diptych.core.opds.links import ShownFile

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
FIRST = UUID(int=1)
FILES = {
    UUID(int=2): [
        ShownFile(BookFile(UUID(int=place), UUID(int=2), kind, None, media_type, 1, "0" * 64, NOW), has_copies=True)
        for place, (kind, media_type) in enumerate([("cover", "image/png"), ("ebook", "application/pdf")])
    ]
}


def book(**values) -> Book:
    nothing = dict.fromkeys(Book.__struct_fields__)
    given = {"id": UUID(int=2), "title": "T", "slug": "t", "created_at": NOW, "updated_at": NOW, "tags": []}
    return Book(**{**nothing, "url": "https://example.org/", "series": [], "contributors": [], **given, **values})


def page_of(*books: Book) -> Page[Book]:
    return Page(list(books), 20, 0, None, None, None)


@pytest.mark.parametrize(
    ("url", "media_type"),
    [
        ("https://example.org/a.epub", "application/epub+zip"),
        ("https://example.org/A.PDF?x=.epub#y", "application/pdf"),
        ("https://example.org/a.azw3", "application/vnd.amazon.mobi8-ebook"),
        ("https://example.org/a.jpg", "text/html"),
        ("https://example.org/a.epub/", "text/html"),
        ("https://example.org?x=a.epub", "text/html"),
        ("https://epub", "text/html"),
        ("https://[::1/a.epub", "application/epub+zip"),
    ],
)
def test_the_link_of_a_book_has_the_type_of_its_suffix_or_that_of_a_page(url, media_type):
    assert [(link.href, link.type) for link in links.acquisition(book(url=url), (), "")] == [(url, media_type)]


def test_square_brackets_are_encoded_but_around_an_address_of_ipv6_because_they_are_in_no_other_place_of_a_uri():
    found = links.acquisition(book(url="http://[::1]/[a]?q[]=1#[x]"), (), "")

    assert [link.href for link in found] == ["http://[::1]/%5Ba%5D?q%5B%5D=1#%5Bx%5D"]


@pytest.mark.parametrize(
    ("published", "year", "issued"),
    [
        ("1972-05-01", 1972, "1972-05-01"),
        ("1914/1918-11", 1914, "1914"),
        (None, 850, "0850"),
        (None, -750, "-0750"),
        (None, None, None),
    ],
)
def test_the_date_of_publication_is_in_iso_8601(published, year, issued):
    query = BookFeed.model_validate({})
    feed = atom.books(atom.Identity("", FIRST, NOW), query, page_of(book(published=published, year=year)), {})

    assert ET.fromstring(feed).findtext(".//{http://purl.org/dc/terms/}issued") == issued  # noqa: S314 - our own


def test_addresses_have_the_prefix_of_the_mount_and_ids_have_not():
    query = BookFeed.model_validate({"q": "<&>", "currentPage": "2"})
    feeds = [
        (
            atom.root(identity),
            atom.books(identity, query, page_of(book()), FILES),
            atom.search_description(identity.prefix),
        )
        for identity in (atom.Identity("", FIRST, NOW), atom.Identity("/books", FIRST, NOW))
    ]

    at_root, mounted = ([feed.decode() for feed in each] for each in feeds)
    for here, there in zip(at_root, mounted, strict=True):
        assert here != there
        expected = here.replace('href="/', 'href="/books/').replace('template="/', 'template="/books/')
        assert there == expected
    first, second = (publications.books(prefix, query, page_of(book()), FILES) for prefix in ("", "/books"))
    expected = msgspec.json.encode(first).decode().replace('"href":"/', '"href":"/books/')
    assert msgspec.json.encode(second).decode() == expected


def test_a_place_in_a_series_is_a_number_or_left_out():
    places = [
        SeriesPosition(SeriesReference(UUID(int=3), "S", "s"), text) for text in ("2", "2.5", "II", "1e5", "-1", None)
    ]
    found = publications.publication("", book(series=places), ()).metadata.belongs_to

    positions = [each.get("position") for each in msgspec.to_builtins(found)["series"]]
    assert positions == [2.0, 2.5, None, None, None, None]


def test_a_catalogue_without_books_has_valid_feeds():
    identity, query = atom.Identity("", None, None), BookFeed.model_validate({})

    for feed in (atom.root(identity), atom.books(identity, query, page_of(), {})):
        assert ET.fromstring(feed).findtext("{http://www.w3.org/2005/Atom}updated") == "1970-01-01T00:00:00+00:00"  # noqa: S314 - our own
    empty = msgspec.to_builtins(publications.books("", query, page_of(), {}))
    assert "publications" not in empty
    assert [link["rel"] for link in empty["navigation"]] == ["http://opds-spec.org/sort/new", *["subsection"] * 2]
