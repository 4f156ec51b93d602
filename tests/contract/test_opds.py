"""OPDS 1.2 and 2.0: what e-readers find, in the way in which they look for it."""

from __future__ import annotations

import os
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urljoin

import httpx
import pytest

from tests.contract.making import make, make_author, make_book, marker, new_isbn, refused

ATOM, DC = "{http://www.w3.org/2005/Atom}", "{http://purl.org/dc/terms/}"
NAVIGATION = "application/atom+xml;profile=opds-catalog;kind=navigation"
ACQUISITION_FEED = "application/atom+xml;profile=opds-catalog;kind=acquisition"
ACQUISITION = "http://opds-spec.org/acquisition"
OPENSEARCH = "{http://a9.com/-/spec/opensearch/1.1/}"
PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"
LINK = "https://example.org/books/summer.epub?x=1&y=2"


def feed_of(api: httpx.Client, address: str, media_type: str = ACQUISITION_FEED) -> ET.Element:
    """Return a feed, which has what RFC 4287 requires of it and of its entries, and each id once."""
    response = api.get(address)
    assert (response.status_code, response.headers["Content-Type"]) == (200, media_type), response.text
    feed = ET.fromstring(response.content)  # noqa: S314 - our own
    assert feed.tag == f"{ATOM}feed"
    for element in (feed, *feed.findall(f"{ATOM}entry")):
        for name in ("id", "title", "updated"):
            assert len(element.findall(f"{ATOM}{name}")) == 1, name
        links = [(link.get("rel"), link.get("type"), link.get("href")) for link in element.findall(f"{ATOM}link")]
        assert links
        assert all(all(link) for link in links)
        assert len(set(links)) == len(links)
    assert feed.findtext(f"{ATOM}author/{ATOM}name")
    ids = [entry.findtext(f"{ATOM}id") or "" for entry in (feed, *feed.findall(f"{ATOM}entry"))]
    assert len(set(ids)) == len(ids)
    assert all(each.startswith("urn:uuid:") for each in ids)
    return feed


def link_of(element: ET.Element, relation: str) -> ET.Element | None:
    return next((link for link in element.findall(f"{ATOM}link") if link.get("rel") == relation), None)


def href_of(element: ET.Element, relation: str) -> str | None:
    link = link_of(element, relation)
    return None if link is None else link.get("href")


def pages(api: httpx.Client, address: str) -> Iterator[ET.Element]:
    """Yield the pages of a feed, as a reader follows its links."""
    following: str | None = address
    while following is not None:
        feed = feed_of(api, following)
        yield feed
        following = href_of(feed, "next")


def titles(feed: ET.Element) -> list[str | None]:
    return [entry.findtext(f"{ATOM}title") for entry in feed.findall(f"{ATOM}entry")]


def json_of(api: httpx.Client, address: str) -> Any:
    response = api.get(address)
    assert (response.status_code, response.headers["Content-Type"]) == (200, "application/opds+json"), response.text
    feed = response.json()
    assert feed["metadata"]["title"]
    assert [link["href"] for link in feed["links"] if link["rel"] == "self"]
    # Each has one of them, and none is empty.
    assert len({"navigation", "publications"} & feed.keys()) == 1
    assert all(feed[name] for name in ("navigation", "publications") if name in feed)
    return feed


def json_link(links: list[dict[str, str]], relation: str) -> str | None:
    return next((link["href"] for link in links if link["rel"] == relation), None)


def test_the_first_feed_leads_to_the_books_by_links_that_say_what_is_there(api: httpx.Client):
    make_book(api, author_id=make_author(api)["id"], url=LINK)

    feed = feed_of(api, "/opds", NAVIGATION)

    entries = feed.findall(f"{ATOM}entry")
    assert [entry.findtext(f"{ATOM}title") for entry in entries] == ["New books", "Books by title", "Authors"]
    assert [each for entry in entries for each in entry if each.tag == f"{ATOM}content" and each.text]
    (newest, *others) = [link for entry in entries for link in entry.findall(f"{ATOM}link")]
    assert newest.get("rel") == "http://opds-spec.org/sort/new"
    assert {link.get("rel") for link in others} == {"subsection"}
    for link in (newest, *others):
        assert feed_of(api, link.attrib["href"], link.attrib["type"]).findall(f"{ATOM}entry")
    assert (href_of(feed, "self"), href_of(feed, "start")) == ("/opds", "/opds")
    again = api.get("/opds", headers={"If-None-Match": api.get("/opds").headers["ETag"]})
    assert again.status_code == 304


def test_an_entry_has_what_a_reader_shows_of_a_book_and_where_it_is(api: httpx.Client):
    author, translator = make_author(api, name=f"Tove <&> {marker()}"), make_author(api)
    isbn, publisher = new_isbn(), make(api, "publishers")
    book = make_book(
        api,
        title=f"<&> {marker()}\ufffe",
        subtitle="A Novel",
        author_id=author["id"],
        isbn=isbn,
        year=1972,
        published="1972-05",
        language="sv-FI",
        description="Été <b>\nzwei",
        publisher_id=publisher["id"],
        url=LINK,
    )
    people = [{"author_id": author["id"], "role": "author"}, {"author_id": translator["id"], "role": "translator"}]
    assert api.put(f"/books/{book['id']}/contributors", json={"items": people}).is_success
    assert api.put(f"/books/{book['id']}/tags", json={"items": ["islands"]}).is_success

    (entry,) = feed_of(api, f"/opds/books?ids={book['id']}").findall(f"{ATOM}entry")

    texts = {name: entry.findtext(f"{ATOM}{name}") for name in ("id", "title", "summary")}
    assert texts == {
        "id": f"urn:uuid:{book['id']}",
        "title": f"{book['title']}: A Novel".replace("\ufffe", "\ufffd"),
        "summary": "Été <b>\nzwei",
    }
    assert entry.findtext(f"{ATOM}author/{ATOM}name") == author["name"]
    assert entry.findtext(f"{ATOM}contributor/{ATOM}name") == translator["name"]
    terms = {name: entry.findtext(f"{DC}{name}") for name in ("identifier", "language", "publisher", "issued")}
    assert terms == {
        "identifier": f"urn:isbn:{isbn}",
        "language": "sv-FI",
        "publisher": publisher["name"],
        "issued": "1972-05",
    }
    (category,) = entry.findall(f"{ATOM}category")
    assert category.attrib == {"term": "islands", "label": "islands"}
    link = link_of(entry, ACQUISITION)
    assert link is not None
    assert (link.get("type"), link.get("href")) == ("application/epub+zip", LINK)
    page = link_of(entry, "alternate")
    assert page is not None
    assert api.get(page.attrib["href"]).headers["Content-Type"].startswith(page.attrib["type"])


def test_only_books_that_can_be_acquired_are_listed_and_their_authors(api: httpx.Client):
    author, other, second = (make_author(api) for _ in range(3))
    there = make_book(api, author_id=author["id"], url="https://example.org/a-page")
    make_book(api, author_id=author["id"])
    make_book(api, author_id=other["id"])
    people = [{"author_id": each["id"], "role": "author"} for each in (author, second)]
    assert api.put(f"/books/{there['id']}/contributors", json={"items": people}).is_success

    for row, expected in ((author, [there["title"]]), (other, []), (second, [there["title"]])):
        assert titles(feed_of(api, f"/opds/books?contributorsIn={row['id']}")) == expected
    query = "&".join(f"ids={row['id']}" for row in (author, other, second))
    feed = feed_of(api, f"/opds/authors?{query}&orderBy=name&sortOrder=asc", NAVIGATION)
    assert sorted(map(str, titles(feed))) == sorted([author["name"], second["name"]])
    for entry in feed.findall(f"{ATOM}entry"):
        assert titles(feed_of(api, str(href_of(entry, "subsection")))) == [there["title"]]


def test_the_files_of_a_book_are_acquired_and_shown(api: httpx.Client):
    book = make_book(api)
    contents = {"cover": PNG + os.urandom(100), "ebook": b"%PDF-1.7" + os.urandom(100)}
    address = f"/books/{book['id']}/files"
    for kind, content in contents.items():
        assert api.post(f"{address}?kind={kind}", content=content).is_success

    (entry,) = feed_of(api, f"/opds/books?ids={book['id']}").findall(f"{ATOM}entry")

    (publication,) = json_of(api, f"/opds/v2/books?ids={book['id']}")["publications"]
    for kind, relation, in_json, media_type in (
        ("ebook", ACQUISITION, publication["links"], "application/pdf"),
        ("cover", "http://opds-spec.org/image", publication["images"], "image/png"),
    ):
        link = link_of(entry, relation)
        assert link is not None
        assert (link.get("type"), link.get("href")) == (media_type, json_link(in_json, relation))
        response = api.get(link.attrib["href"])
        assert (response.headers["Content-Type"], response.content) == (media_type, contents[kind])


def test_a_reader_that_follows_the_links_sees_each_book_once(api: httpx.Client):
    author = make_author(api)
    made = [make_book(api, author_id=author["id"], url=LINK)["title"] for _ in range(5)]
    address = f"/opds/books?contributorsIn={author['id']}&pageSize=2"

    found = list(pages(api, address))

    assert [titles(feed) for feed in found] == [made[:2:-1], made[2:0:-1], made[:1]]
    assert href_of(found[0], "previous") is None
    assert titles(feed_of(api, str(href_of(found[1], "previous")))) == made[:2:-1]
    assert titles(feed_of(api, str(href_of(found[2], "first")))) == made[:2:-1]
    selves = [str(href_of(feed, "self")) for feed in found]
    assert [titles(feed_of(api, each)) for each in selves] == [titles(feed) for feed in found]
    assert {href_of(feed, "start") for feed in found} == {"/opds"}
    counted = feed_of(api, f"{address}&total=true")
    assert counted.findtext(f"{OPENSEARCH}totalResults") == "5"
    by_title = [title for feed in pages(api, f"{address}&orderBy=title&sortOrder=asc") for title in titles(feed)]
    assert by_title == sorted(made, key=str.casefold)


def test_a_reader_finds_books_by_the_description_of_the_search(api: httpx.Client):
    book = make_book(api, url=LINK)
    make_book(api, title=f"{book['title']} without a link")
    search = link_of(feed_of(api, "/opds/books?pageSize=1"), "search")
    assert search is not None

    response = api.get(search.attrib["href"])

    assert response.headers["Content-Type"] == f"{search.attrib['type']}; charset=utf-8"
    description = ET.fromstring(response.content)  # noqa: S314 - our own
    (url,) = description.findall(f"{OPENSEARCH}Url")
    assert len(description.findtext(f"{OPENSEARCH}ShortName") or "") in range(1, 17)
    assert url.get("type") == ACQUISITION_FEED
    # KOReader resolves it by the address of the feed.
    address = urljoin("/opds", url.attrib["template"]).replace("{searchTerms}", quote(book["title"]))
    feed = feed_of(api, address)
    assert titles(feed) == [book["title"]]
    assert feed.findtext(f"{ATOM}title") == f"Books: {book['title']}"
    assert titles(feed_of(api, address.replace(quote(book["title"]), "qzqzqzqz"))) == []


@pytest.mark.parametrize("path", ["/opds", "/opds/books", "/opds/search.xml", "/opds/v2", "/opds/v2/books"])
def test_a_head_request_has_the_headers_of_the_feed(api: httpx.Client, path: str):
    make_book(api, url=LINK)
    head, whole = api.head(path), api.get(path)

    assert (head.status_code, head.content) == (200, b"")
    names = ("Content-Type", "Content-Length", "ETag", "Cache-Control")
    assert {name: head.headers[name] for name in names} == {name: whole.headers[name] for name in names}


def test_the_first_feed_of_2_0_leads_to_books_and_authors(api: httpx.Client):
    make_book(api, author_id=make_author(api)["id"], url=LINK)

    feed = json_of(api, "/opds/v2")

    assert [link["title"] for link in feed["navigation"]] == ["New books", "Books by title", "Authors"]
    for link in feed["navigation"]:
        found = json_of(api, link["href"])
        assert link["type"] == "application/opds+json"
        assert json_link(found["links"], "start") == "/opds/v2"
    by_author = json_of(api, json_of(api, "/opds/v2/authors?pageSize=1")["navigation"][0]["href"])
    assert by_author["publications"]


def test_a_publication_of_2_0_says_what_it_is_and_where(api: httpx.Client):
    author, translator, writer = (make_author(api) for _ in range(3))
    isbn, publisher, series = new_isbn(), make(api, "publishers"), make(api, "series")
    book = make_book(
        api,
        author_id=author["id"],
        isbn=isbn,
        published="1972-05-01",
        pages=180,
        language="sv",
        description="d",
        publisher_id=publisher["id"],
        url="https://example.org/a-page",
    )
    roles = ((author, "author"), (translator, "translator"), (writer, "foreword"))
    people = [{"author_id": each["id"], "role": role} for each, role in roles]
    places = [{"series_id": series["id"], "position": "2.5"}]
    for name, items in (("contributors", people), ("series", places), ("tags", ["islands"])):
        assert api.put(f"/books/{book['id']}/{name}", json={"items": items}).is_success

    feed = json_of(api, f"/opds/v2/books?ids={book['id']}&total=true")

    (publication,) = feed["publications"]
    assert publication["metadata"] == {
        "@type": "http://schema.org/Book",
        "identifier": f"urn:isbn:{isbn}",
        "title": book["title"],
        "modified": api.get(f"/books/{book['id']}").json()["updated_at"],
        "published": "1972-05-01",
        "language": "sv",
        "author": [{"name": author["name"]}],
        "translator": [{"name": translator["name"]}],
        "contributor": [{"name": writer["name"]}],
        "publisher": {"name": publisher["name"]},
        "subject": [{"name": "islands"}],
        "description": "d",
        "numberOfPages": 180,
        "belongsTo": {"series": [{"name": series["name"], "position": 2.5}]},
    }
    links = publication["links"]
    assert [link for link in links if link["rel"] == ACQUISITION] == [
        {"rel": ACQUISITION, "href": "https://example.org/a-page", "type": "text/html"}
    ]
    one = api.get(str(json_link(links, "self")))
    assert (one.headers["Content-Type"], one.json()) == ("application/opds-publication+json", publication)
    assert (feed["metadata"]["itemsPerPage"], feed["metadata"]["numberOfItems"]) == (20, 1)


def test_pages_and_searches_of_2_0_are_found_by_links(api: httpx.Client):
    word = f"qz{marker()}"
    made = [make_book(api, title=f"{word} {place}", url=LINK)["title"] for place in range(3)]
    search = next(link for link in json_of(api, "/opds/v2")["links"] if link["rel"] == "search")
    assert search["templated"] is True

    found = json_of(api, search["href"].replace("{?query}", f"?query={word}"))

    assert sorted(each["metadata"]["title"] for each in found["publications"]) == made
    page = json_of(api, f"/opds/v2/books?q={word}&pageSize=2")
    rest = json_of(api, str(json_link(page["links"], "next")))
    both = [each["metadata"]["title"] for each in (*page["publications"], *rest["publications"])]
    assert sorted(both) == made
    assert "navigation" in json_of(api, search["href"].replace("{?query}", "?query=qzqzqzqz"))
    assert json_link(json_of(api, "/opds/v2/search")["links"], "self") == "/opds/v2/books"


def test_what_cannot_be_acquired_is_no_publication(api: httpx.Client):
    refused(api.get(f"/opds/v2/books/{make_book(api)['id']}"), 404)
    refused(api.get("/opds/books?include=tags"), 422, "include")
