"""Books in the formats of other programs: one by the suffix of its address, lists as streams."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from diptych.core.formats.normalization import normalized
from diptych.core.formats.record import BookRecord
from diptych.core.formats.registry import format_by_suffix, reader_of
from tests.contract.making import Row, ids, make_author, make_book, new_id, new_isbn, read, refused

ONE = {
    ".bib": "application/x-bibtex",
    ".csl.json": "application/vnd.citationstyles.csl+json",
    ".jsonld": "application/ld+json",
    ".mrc": "application/marc",
    ".marcxml": "application/marcxml+xml; charset=utf-8",
    ".ris": "application/x-research-info-systems",
}
LISTS = {
    ".bib": "application/x-bibtex",
    ".csv": "text/csv; charset=utf-8",
    ".jsonl": "application/x-ndjson",
    ".mrc": "application/marc",
    ".marcxml": "application/marcxml+xml; charset=utf-8",
    ".ris": "application/x-research-info-systems",
}
MANY = 260
"""Books of a list that takes two parts."""


def titles(suffix: str, content: bytes) -> list[str]:
    """Return the titles in a file, in order."""
    if suffix == ".jsonl":
        return [json.loads(line)["title"] for line in content.splitlines()]
    if suffix == ".jsonld":
        return [node["name"] for node in json.loads(content)["@graph"]]
    if suffix == ".csv":
        return [line.split(",")[0].strip('"') for line in content.decode().splitlines()[1:]]
    if not content:
        return []
    chosen = format_by_suffix(f"x{suffix}")
    assert chosen is not None
    found: list[Any] = [normalized(raw) for raw in reader_of(chosen.name)(io.BytesIO(content), None)]  # type: ignore[arg-type]
    assert all(isinstance(book, BookRecord) for book, _ in found)
    return [book.title for book, _ in found]


@pytest.fixture(scope="module")
def shelf(api: httpx.Client) -> tuple[Row, list[str]]:
    """Return an author and the titles of that author's books, in the order of their ids."""
    author = make_author(api)
    items = [{"title": f"Book {number:03} of many", "author_id": author["id"]} for number in range(MANY)]
    created = api.post("/books/batch", json={"items": items}).json()["items"]
    return author, [book["title"] for book in sorted(created, key=lambda book: str(book["id"]))]


# One book


@pytest.mark.parametrize("suffix", ONE)
def test_a_suffix_gives_a_book_in_another_format(api: httpx.Client, suffix: str):
    book = make_book(api, isbn=new_isbn(), published="1972-05")
    path = f"/books/{book['id']}{suffix}"

    response = api.get(path)

    assert (response.status_code, response.headers["Content-Type"]) == (200, ONE[suffix])
    assert titles(suffix, response.content) == [book["title"]]
    assert response.headers["ETag"] != api.get(f"/books/{book['id']}").headers["ETag"]
    unchanged = api.get(path, headers={"If-None-Match": response.headers["ETag"]})
    assert (unchanged.status_code, unchanged.content) == (304, b"")
    head = api.head(path)
    assert (head.status_code, head.headers["ETag"]) == (200, response.headers["ETag"])
    api.patch(f"/books/{book['id']}", json={"title": "Another"})
    assert api.get(path).headers["ETag"] != response.headers["ETag"]


def test_a_book_links_to_its_other_formats(api: httpx.Client):
    book = make_book(api)

    for path in (f"/books/{book['id']}", f"/books/slug/{book['slug']}"):
        response = api.get(path)
        links = response.headers["Link"].split(", ")

        assert len(links) == len(ONE)
        for link in links:
            address, relation, kind = link.split("; ")
            assert relation == 'rel="alternate"'
            other = api.get(response.url.join(address.strip("<>")))
            media_type = other.headers["Content-Type"].partition(";")[0]
            assert (other.status_code, f'type="{media_type}"') == (200, kind)


def test_accept_changes_nothing(api: httpx.Client):
    book = make_book(api)

    response = api.get(f"/books/{book['id']}", headers={"Accept": "application/marc"})

    assert response.headers["Content-Type"] == "application/json"


def test_a_suffix_is_only_read(api: httpx.Client):
    book = make_book(api)
    path = f"/books/{book['id']}.bib"

    for method in ("PUT", "PATCH", "DELETE", "POST"):
        response = api.request(method, path, json={"title": "x"})
        refused(response, 405)
        assert response.headers["Allow"] == "GET, HEAD, OPTIONS"
    options = api.options(path)
    assert (options.status_code, options.headers["Allow"]) == (204, "GET, HEAD, OPTIONS")
    refused(api.get(f"{path}?include=tags"), 422, "include")
    assert read(api, f"/books/{book['id']}") == book


def test_what_there_is_not_has_no_formats(api: httpx.Client):
    book = make_book(api)

    refused(api.get(f"/books/{new_id()}.bib"), 404)
    for suffix in (".txt", ".", ".bib.bib", ".BIB", ".csv"):
        refused(api.get(f"/books/{book['id']}{suffix}"), 404)
    refused(api.get(f"/books/{book['id']}.bib/tags"), 404)
    refused(api.get(f"/authors/{book['author_id']}.bib"), 404)


def test_an_unknown_suffix_of_the_list_names_those_that_there_are(api: httpx.Client):
    for path in ("/books.tsv", "/books.txt?yearIn=1", "/books.", "/books.CSV", "/books.bib.bib"):
        for method in ("GET", "POST"):
            problem = refused(api.request(method, path), 404)
            assert problem["detail"] == "A suffix can be .bib, .csv, .jsonl, .marcxml, .mrc, .ris."
    for path in ("/authors.csv", "/books.tsv/1", "/.tsv", "/x.books.tsv"):
        assert "suffix" not in refused(api.get(path), 404)["detail"]


@contextmanager
def large_book(api: httpx.Client) -> Iterator[Row]:
    """Yield a book with more than the 99,999 bytes of ISO 2709, and delete it."""
    names = [{"name": f"{number:03}{chr(0x20000) * 252}"} for number in range(100)]
    authors = api.post("/authors/batch", json={"items": names}).json()["items"]
    book = make_book(api)
    items = [{"author_id": author["id"], "role": "author"} for author in authors]
    assert api.put(f"/books/{book['id']}/contributors", json={"items": items}).is_success
    yield book
    assert api.delete(f"/books/{book['id']}").is_success


def test_a_book_that_is_too_long_for_a_format_is_shortened_and_its_record_says_so(api: httpx.Client):
    with large_book(api) as book:
        content = read_bytes(api, f"/books/{book['id']}.mrc")

        assert len(content) <= 99_999
        assert b"shortened to the 99,999 bytes of ISO 2709, without these fields: 700" in content
        assert titles(".mrc", content) == [book["title"]]
        assert b"shortened" not in read_bytes(api, f"/books/{book['id']}.marcxml")


def read_bytes(api: httpx.Client, path: str) -> bytes:
    """Return the body of a GET that succeeds."""
    response = api.get(path)
    assert response.status_code == 200
    return response.content


# Lists


@pytest.mark.parametrize("suffix", LISTS)
def test_a_list_is_streamed_in_the_order_of_the_ids(api: httpx.Client, shelf: tuple[Row, list[str]], suffix: str):
    author, expected = shelf

    with api.stream("GET", f"/books{suffix}", params={"authorIdIn": author["id"]}) as response:
        content = response.read()

    assert (response.status_code, response.headers["Content-Type"]) == (200, LISTS[suffix])
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["Transfer-Encoding"] == "chunked"
    assert response.headers["Content-Disposition"] == f'attachment; filename="books{suffix}"'
    assert not {"ETag", "Content-Length", "Vary"} & set(response.headers)
    assert titles(suffix, content) == expected


@pytest.mark.parametrize("suffix", LISTS)
def test_a_list_of_nothing_is_a_whole_file(api: httpx.Client, suffix: str):
    response = api.get(f"/books{suffix}", params={"ids": new_id()})

    assert response.status_code == 200
    assert titles(suffix, response.content) == []


def test_a_streamed_list_has_the_filters_of_the_list(api: httpx.Client):
    author = make_author(api)
    books = [make_book(api, author_id=author["id"], year=year, language="fi") for year in (1946, 1948, 1950)]
    api.put(f"/books/{books[0]['id']}/tags", json={"items": ["tove"]})

    for parameters in ({"yearIn": "1948"}, {"tagsIn": "tove"}, {"ids": books[2]["id"]}, {"q": books[0]["title"]}, {}):
        mine = {"contributorsIn": author["id"], **parameters}
        lines = api.get("/books.jsonl", params=mine).text.splitlines()

        listed = read(api, "/books", orderBy="id", sortOrder="asc", include="tags", **mine)["items"]
        assert ids(map(json.loads, lines)) == ids(listed)
        assert [json.loads(line)["tags"] for line in lines] == [book["tags"] for book in listed]


def test_a_streamed_list_has_no_pages(api: httpx.Client):
    for name, value in (("pageSize", "5"), ("orderBy", "id"), ("cursor", "x"), ("include", "tags"), ("yearIn", "x")):
        refused(api.get("/books.csv", params={name: value}), 422, name)
    refused(api.post("/books.csv", json={}), 405)


def test_head_of_a_streamed_list_has_its_headers_and_no_body(api: httpx.Client):
    response = api.head("/books.csv")

    assert (response.status_code, response.content) == (200, b"")
    assert response.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert not {"Content-Length", "ETag"} & set(response.headers)
    assert api.get("/health/live").status_code == 200


def test_a_connection_serves_on_after_a_stream(api: httpx.Client):
    with httpx.Client(base_url=api.base_url, timeout=60, limits=httpx.Limits(max_connections=1)) as client:
        for path in ("/books.jsonl", "/health/live", "/books.csv"):
            response = client.get(path, params={"ids": new_id()} if path.startswith("/books") else {})
            assert response.status_code == 200
            assert response.headers.get("Connection", "keep-alive") == "keep-alive"


def test_a_book_that_is_too_long_for_a_format_does_not_end_the_stream(api: httpx.Client):
    before = make_book(api)
    with large_book(api) as large:
        after = make_book(api)
        parameters = {"ids": [before["id"], large["id"], after["id"]]}

        content = httpx.get(f"{api.base_url}/books.mrc", params=parameters, timeout=60).content

        assert titles(".mrc", content) == [before["title"], large["title"], after["title"]]
