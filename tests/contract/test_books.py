"""Books, over HTTP."""

from __future__ import annotations

import unicodedata
from typing import Any

import httpx
import pytest

from tests.contract.making import (
    ids,
    make_author,
    make_book,
    make_tag,
    marker,
    new_id,
    new_isbn,
    new_isbn_10,
    read,
    refused,
)


def reference(author: dict[str, Any]) -> dict[str, Any]:
    return {name: author[name] for name in ("id", "name", "slug")}


def test_a_created_book_is_answered_with_its_address_and_its_author(api: httpx.Client):
    author, isbn = make_author(api), new_isbn()
    body = {
        "title": "The Dispossessed",
        "author_id": author["id"],
        "isbn": isbn,
        "year": 1974,
        "language": "en-US",
        "description": "An ambiguous utopia.\nIn two lines.",
        "subtitle": "An Ambiguous Utopia",
        "publisher_id": None,
        "edition": "First edition",
        "format": "hardcover",
        "pages": 341,
        "published": "1974-05",
        "original_title": "The Dispossessed",
        "original_language": "en",
        "original_year": 1974,
        "url": "https://example.org/the-dispossessed",
    }

    created = api.post("/books", json=body)

    assert created.status_code == 201
    book = created.json()
    assert created.headers["Location"] == f"/books/{book['id']}"
    assert {name: book[name] for name in body} == body
    assert book["author"] == reference(author)
    assert book.keys() == {*body, "id", "slug", "author", "created_at", "updated_at"}
    assert read(api, f"/books/{book['id']}") == book
    assert read(api, "/books", ids=book["id"])["items"] == [book]


def test_a_book_needs_no_more_than_a_title_and_an_author(api: httpx.Client):
    book = make_book(api)

    assert [book[name] for name in ("isbn", "year", "language", "description")] == [None] * 4
    assert read(api, f"/books/{book['id']}") == book


@pytest.mark.parametrize(
    ("length", "title"), [(1, "X"), (1000, "X" * 1000), (1000, "é" * 1000), (1000, "\U0001f4d6" * 1000)]
)
def test_a_title_may_have_one_to_a_thousand_characters(api: httpx.Client, length: int, title: str):
    book = make_book(api, title=title)

    assert len(book["title"]) == length
    assert read(api, f"/books/{book['id']}")["title"] == title


def test_a_description_keeps_its_lines_and_may_have_ten_thousand_characters(api: httpx.Client):
    text = "Première ligne\r\n\tdeuxième\r" + "\u6f22" * 9_900

    book = make_book(api, description=text)

    kept = text.replace("\r\n", "\n").replace("\r", "\n")
    assert book["description"] == kept
    assert read(api, f"/books/{book['id']}")["description"] == kept


def test_a_title_is_kept_trimmed_and_composed(api: httpx.Client):
    title = "  L\u2019e\u0301tranger \n"

    book = make_book(api, title=title)

    assert book["title"] == unicodedata.normalize("NFC", title.strip())
    assert read(api, f"/books/{book['id']}")["title"] == book["title"]


@pytest.mark.parametrize("year", [-4000, -1, 0, 1, 1888, 3000])
def test_a_year_may_be_any_from_4000_before_our_era_to_3000(api: httpx.Client, year: int):
    book = make_book(api, year=year)

    assert book["year"] == year
    assert read(api, f"/books/{book['id']}")["year"] == year


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("EN-gb", "en-GB"),
        ("zh_hant_tw", "zh-Hant-TW"),
        (" fr ", "fr"),
        ("fre", "fr"),
        ("grc", "grc"),
        ("de-CH-1996", "de-CH-1996"),
        ("x-klingon", "x-klingon"),
        ("i-default", "i-default"),
    ],
)
def test_a_language_is_kept_in_the_canonical_form_of_bcp_47(api: httpx.Client, sent: str, kept: str):
    book = make_book(api, language=sent)

    assert book["language"] == kept
    assert read(api, f"/books/{book['id']}")["language"] == kept
    assert ids(read(api, "/books", ids=book["id"], languageIn=sent)["items"]) == [book["id"]]


def hyphened(isbn: str) -> str:
    return f"{isbn[:3]}-{isbn[3]}-{isbn[4:8]}-{isbn[8:12]}-{isbn[12]}"


@pytest.mark.parametrize("write", [str, hyphened, "ISBN {}".format, "ISBN-13: {}".format, " {} ".format])
def test_an_isbn_of_13_digits_is_kept_as_its_digits_however_it_is_written(api: httpx.Client, write: Any):
    isbn = new_isbn()

    book = make_book(api, isbn=write(isbn))

    assert book["isbn"] == isbn
    assert read(api, f"/books/{book['id']}")["isbn"] == isbn
    assert ids(read(api, "/books", isbnIn=write(isbn))["items"]) == [book["id"]]


def test_an_isbn_of_10_digits_becomes_one_of_13(api: httpx.Client):
    ten, thirteen = new_isbn_10()

    book = make_book(api, isbn=f"{ten[0]}-{ten[1:4]}-{ten[4:9]}-{ten[9]}")

    assert book["isbn"] == thirteen
    assert read(api, f"/books/{book['id']}")["isbn"] == thirteen
    assert ids(read(api, "/books", isbnIn=ten)["items"]) == [book["id"]]


@pytest.mark.parametrize("x", ["X", "x"])
def test_the_last_digit_of_an_isbn_of_10_may_be_x(api: httpx.Client, x: str):
    ten, thirteen = new_isbn_10()
    while ten[9] != "X":
        ten, thirteen = new_isbn_10()

    book = make_book(api, isbn=ten[:9] + x)

    assert read(api, f"/books/{book['id']}")["isbn"] == book["isbn"] == thirteen


def test_an_isbn_belongs_to_one_book(api: httpx.Client):
    book, other = make_book(api, isbn=new_isbn()), make_book(api)
    again = {"title": f"Again {marker()}", "author_id": book["author_id"], "isbn": hyphened(book["isbn"])}

    refused(api.post("/books", json=again), 409, "/isbn")
    refused(api.patch(f"/books/{other['id']}", json={"isbn": book["isbn"]}), 409, "/isbn")
    refused(api.put(f"/books/{other['id']}", json=again), 409, "/isbn")
    refused(api.put(f"/books/{new_id()}", json=again), 409, "/isbn")

    assert ids(read(api, "/books", isbnIn=book["isbn"])["items"]) == [book["id"]]
    assert read(api, "/books", searchString=again["title"])["total"] == 0
    assert read(api, f"/books/{other['id']}") == other


def test_the_isbn_of_a_deleted_book_is_free_again(api: httpx.Client):
    book = make_book(api, isbn=new_isbn())
    assert api.delete(f"/books/{book['id']}").status_code == 204

    again = make_book(api, isbn=book["isbn"])

    assert again["id"] != book["id"]
    assert read(api, f"/books/{again['id']}")["isbn"] == book["isbn"]


def test_a_book_may_be_given_its_own_isbn_again(api: httpx.Client):
    book = make_book(api, isbn=new_isbn())

    changed = api.patch(f"/books/{book['id']}", json={"isbn": hyphened(book["isbn"])})

    assert changed.status_code == 200
    assert read(api, f"/books/{book['id']}")["isbn"] == book["isbn"]


def test_many_books_may_have_no_isbn(api: httpx.Client):
    author = make_author(api)

    for _ in range(3):
        make_book(api, author_id=author["id"], isbn=None)

    assert read(api, f"/authors/{author['id']}/books")["total"] == 3


def test_the_author_of_a_book_must_be_there(api: httpx.Client):
    book, nobody, title = make_book(api), new_id(), f"Nobody's {marker()}"
    body = {"title": title, "author_id": nobody}

    refused(api.post("/books", json=body), 422, "/author_id")
    refused(api.patch(f"/books/{book['id']}", json={"author_id": nobody}), 422, "/author_id")
    refused(api.put(f"/books/{book['id']}", json=body), 422, "/author_id")
    refused(api.put(f"/books/{new_id()}", json=body), 422, "/author_id")

    assert read(api, f"/books/{book['id']}") == book
    assert read(api, "/books", searchString=title)["total"] == 0


def test_a_change_sets_what_is_sent_and_leaves_what_is_not(api: httpx.Client):
    book = make_book(api, isbn=new_isbn(), year=1974, language="en", description="As it was.")

    changed = api.patch(f"/books/{book['id']}", json={"year": 1975, "language": None})

    assert changed.status_code == 200
    expected = {**book, "year": 1975, "language": None, "updated_at": changed.json()["updated_at"]}
    assert changed.json() == expected
    assert changed.json()["updated_at"] > book["updated_at"]
    assert read(api, f"/books/{book['id']}") == expected


@pytest.mark.parametrize("field", ["isbn", "year", "language", "description"])
def test_null_takes_an_optional_value_away(api: httpx.Client, field: str):
    book = make_book(api, isbn=new_isbn(), year=1974, language="en", description="As it was.")

    changed = api.patch(f"/books/{book['id']}", json={field: None})

    assert changed.status_code == 200
    assert read(api, f"/books/{book['id']}") == {**book, field: None, "updated_at": changed.json()["updated_at"]}


def test_a_book_can_be_given_to_another_author(api: httpx.Client):
    book, other = make_book(api), make_author(api)

    changed = api.patch(f"/books/{book['id']}", json={"author_id": other["id"]})

    assert changed.status_code == 200
    assert changed.json()["author"] == reference(other)
    assert read(api, f"/books/{book['id']}") == changed.json()
    assert read(api, f"/authors/{book['author_id']}/books")["total"] == 0
    assert ids(read(api, f"/authors/{other['id']}/books")["items"]) == [book["id"]]


def test_a_book_shows_its_authors_name_as_it_is_now(api: httpx.Client):
    book, name = make_book(api), f"Renamed {marker()}"

    assert api.patch(f"/authors/{book['author_id']}", json={"name": name}).status_code == 200

    assert read(api, f"/books/{book['id']}")["author"]["name"] == name


def test_putting_a_book_at_a_free_id_creates_it_there(api: httpx.Client):
    author, book_id = make_author(api), new_id()

    put = api.put(f"/books/{book_id}", json={"title": "Kindred", "author_id": author["id"], "year": 1979})

    assert put.status_code == 201
    assert put.headers["Location"] == f"/books/{book_id}"
    assert put.json()["id"] == book_id
    assert put.json()["author"] == reference(author)
    assert read(api, f"/books/{book_id}") == put.json()


def test_putting_a_book_in_anothers_place_replaces_it_whole(api: httpx.Client):
    book = make_book(api, isbn=new_isbn(), year=1974, language="en", description="As it was.")
    body = {"title": f"Replaced {marker()}", "author_id": book["author_id"]}

    put = api.put(f"/books/{book['id']}", json=body)

    assert put.status_code == 200
    nothing = dict.fromkeys(("isbn", "year", "language", "description"))
    assert put.json() == {**book, **body, **nothing, "updated_at": put.json()["updated_at"]}
    assert read(api, f"/books/{book['id']}") == put.json()


def test_a_deleted_book_is_gone_and_takes_its_links_along(api: httpx.Client):
    book, editor, tag = make_book(api), make_author(api), make_tag(api)
    items = [{"author_id": book["author_id"], "role": "author"}, {"author_id": editor["id"], "role": "editor"}]
    assert api.put(f"/books/{book['id']}/contributors", json={"items": items}).status_code == 200
    assert api.put(f"/books/{book['id']}/tags", json={"items": [tag["name"]]}).status_code == 200

    deleted = api.delete(f"/books/{book['id']}")

    assert deleted.status_code == 204
    assert deleted.content == b""
    for path in ("", "/tags", "/contributors"):
        refused(api.get(f"/books/{book['id']}{path}"), 404)
    refused(api.get(f"/books/slug/{book['slug']}"), 404)
    refused(api.delete(f"/books/{book['id']}"), 404)
    assert read(api, f"/tags/{tag['id']}") == tag
    assert read(api, f"/tags/{tag['id']}/books")["total"] == 0
    assert read(api, f"/authors/{editor['id']}/books")["total"] == 0
    assert api.delete(f"/authors/{editor['id']}").status_code == 204


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
def test_a_book_that_is_not_there_is_a_404(api: httpx.Client, method: str):
    path = f"/books/{new_id()}"

    refused(api.request(method, path, json={"year": 1} if method == "PATCH" else None), 404)

    refused(api.get(path), 404)
