"""What a book has beside its title and its author: dates, publishers, series, identifiers; and merging rows."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from tests.contract.making import (
    Row,
    ids,
    make,
    make_author,
    make_book,
    make_tag,
    marker,
    new_id,
    new_isbn,
    read,
    refused,
)


def book_of(api: httpx.Client, book: Row, **parameters: Any) -> Row:
    return read(api, f"/books/{book['id']}", **parameters)


# Dates


def test_the_year_follows_from_a_date_of_publication(api: httpx.Client):
    book = make_book(api, published="1972-05-24")

    assert (book["published"], book["year"]) == ("1972-05-24", 1972)
    assert api.patch(f"/books/{book['id']}", json={"published": "-0750/-0740"}).json()["year"] == -750
    assert book_of(api, book)["year"] == -750


def test_another_year_alone_takes_the_date_away_and_the_same_year_does_not(api: httpx.Client):
    book = make_book(api, published="1972-05")
    path = f"/books/{book['id']}"

    assert api.patch(path, json={"year": 1972}).json()["published"] == "1972-05"
    assert api.patch(path, json={"title": "Sommarboken"}).json()["published"] == "1972-05"
    changed = api.patch(path, json={"year": 1973}).json()

    assert (changed["year"], changed["published"]) == (1973, None)
    assert book_of(api, book) == changed
    batch = [{"id": book["id"], "published": "1999"}]
    assert api.patch("/books/batch", json={"items": batch}).json()["items"][0]["year"] == 1999
    assert (
        api.patch("/books/batch", json={"items": [{"id": book["id"], "year": 5}]}).json()["items"][0]["published"]
        is None
    )
    assert book_of(api, book)["published"] is None


def test_a_year_that_contradicts_the_date_is_refused(api: httpx.Client):
    book = make_book(api)
    body = {"published": "1972-05", "year": 1973}

    refused(api.patch(f"/books/{book['id']}", json=body), 422, "/year")
    refused(api.post("/books", json={"title": "x", "author_id": None, **body}), 422, "/year")

    assert book_of(api, book) == book


def test_an_author_has_a_day_or_a_year_of_birth_that_agree(api: httpx.Client):
    author = make_author(
        api, dob="1914-08-09", birth_year=1914, death_year=2001, kind="person", sort_name="Jansson, Tove"
    )
    path = f"/authors/{author['id']}"

    refused(api.patch(path, json={"dob": "1914-08-09", "birth_year": 1915}), 422, "/birth_year")
    refused(api.patch(path, json={"birth_year": 2002, "death_year": 2001}), 422, "/death_year")
    changed = api.patch(path, json={"birth_year": 1915}).json()

    assert (changed["birth_year"], changed["dob"], changed["death_year"]) == (1915, None, 2001)
    assert read(api, path) == changed


@pytest.mark.parametrize("way", ["alone", "in a batch"])
@pytest.mark.parametrize(
    ("before", "change", "after"),
    [
        ({"dob": "1914-08-09"}, {"birth_year": 1914}, ("1914-08-09", 1914)),
        ({"dob": "1914-08-09"}, {"birth_year": None}, ("1914-08-09", None)),
        ({"dob": "1914-08-09"}, {"birth_year": 1915}, (None, 1915)),
        ({"birth_year": 1914}, {"dob": "1914-08-09"}, ("1914-08-09", 1914)),
        ({"birth_year": 1914}, {"dob": "1915-08-09"}, ("1915-08-09", None)),
        ({"birth_year": 1914, "dob": "1914-08-09"}, {"dob": "1914-12-31"}, ("1914-12-31", 1914)),
        ({"birth_year": 1914, "dob": "1914-08-09"}, {"birth_year": 1914}, ("1914-08-09", 1914)),
    ],
)
def test_a_day_and_a_year_of_birth_that_agree_both_stay(
    api: httpx.Client, way: str, before: Row, change: Row, after: tuple[Any, Any]
):
    author = make_author(api, **{"dob": None, **before})
    path = f"/authors/{author['id']}"

    if way == "in a batch":
        changed = api.patch("/authors/batch", json={"items": [{"id": author["id"], **change}]})
    else:
        changed = api.patch(path, json=change)

    assert changed.is_success, changed.text
    found = read(api, path)
    assert (found["dob"], found["birth_year"]) == after


@pytest.mark.parametrize("way", ["alone", "whole", "in a batch"])
def test_an_isbn_that_becomes_the_books_own_is_no_longer_among_its_identifiers(api: httpx.Client, way: str):
    own, other = new_isbn(), new_isbn()
    book = make_book(api, isbn=own)
    path = f"/books/{book['id']}"
    items = [{"scheme": "isbn", "value": other}, {"scheme": "oclc", "value": "12"}]
    assert api.put(f"{path}/identifiers", json={"items": items}).is_success
    assert api.patch(path, json={"isbn": own}).is_success
    assert read(api, f"{path}/identifiers")["items"] == items

    if way == "in a batch":
        changed = api.patch("/books/batch", json={"items": [{"id": book["id"], "isbn": other}]})
    elif way == "whole":
        changed = api.put(path, json={"title": book["title"], "author_id": book["author_id"], "isbn": other})
    else:
        changed = api.patch(path, json={"isbn": other})

    assert changed.is_success, changed.text
    assert book_of(api, book)["isbn"] == other
    assert read(api, f"{path}/identifiers")["items"] == items[1:]


@pytest.mark.parametrize("way", ["alone", "in a batch"])
def test_a_book_that_loses_its_author_keeps_no_further_authors(api: httpx.Client, way: str):
    first, second, editor = (make_author(api) for _ in range(3))
    book = make_book(api, author_id=first["id"])
    path = f"/books/{book['id']}"
    roles = [(first, "author"), (second, "author"), (editor, "editor")]
    items = [{"author_id": each["id"], "role": role} for each, role in roles]
    assert api.put(f"{path}/contributors", json={"items": items}).is_success

    if way == "in a batch":
        changed = api.patch("/books/batch", json={"items": [{"id": book["id"], "author_id": None}]})
    else:
        changed = api.patch(path, json={"author_id": None})

    assert changed.is_success, changed.text
    left = read(api, f"{path}/contributors")["items"]
    assert [(each["author"]["id"], each["role"]) for each in left] == [(editor["id"], "editor")]
    assert book_of(api, book)["author"] is None


# Publishers, series, identifiers


def test_a_book_names_its_publisher_who_then_stays(api: httpx.Client):
    publisher, other = make(api, "publishers"), make(api, "publishers")
    book = make_book(api, publisher_id=publisher["id"])

    assert book_of(api, book, include="publisher")["publisher"] == publisher
    assert book_of(api, make_book(api), include="publisher")["publisher"] is None
    assert read(api, "/books", publisherIdIn=publisher["id"])["items"] == [book]
    assert read(api, f"/publishers/{publisher['id']}/books")["items"] == [book]
    refused(api.delete(f"/publishers/{publisher['id']}"), 409)
    refused(api.patch(f"/books/{book['id']}", json={"publisher_id": new_id()}), 422, "/publisher_id")
    assert api.delete(f"/publishers/{other['id']}").status_code == 204
    assert book_of(api, book) == book


def test_a_book_has_a_place_in_each_series_and_leaves_one_that_is_deleted(api: httpx.Client):
    book, (first, second) = make_book(api), (make(api, "series"), make(api, "series"))
    path = f"/books/{book['id']}/series"
    places = [{"series_id": first["id"], "position": "2.5"}, {"series_id": second["id"], "position": None}]

    found = api.put(path, json={"items": places}).json()["items"]

    assert {(each["series"]["id"], each["position"]) for each in found} == {(first["id"], "2.5"), (second["id"], None)}
    assert book_of(api, book, include="series")["series"] == read(api, path)["items"] == found
    assert ids(read(api, "/books", seriesIn=first["id"])["items"]) == [book["id"]]
    refused(api.put(path, json={"items": [places[0], places[0]]}), 422, "/items/1")
    refused(api.put(path, json={"items": [{"series_id": new_id()}]}), 422, "/items/0/series_id")
    assert api.delete(f"/series/{first['id']}").status_code == 204
    assert [each["series"]["id"] for each in read(api, path)["items"]] == [second["id"]]


def test_identifiers_have_one_form_and_find_their_books(api: httpx.Client):
    isbn, other, number = new_isbn(), new_isbn(), str(int(marker()[1:9], 16) + 1)
    book = make_book(api, isbn=isbn)
    path = f"/books/{book['id']}/identifiers"

    found = api.put(
        path, json={"items": [{"scheme": "oclc", "value": f"(OCoLC)ocm0{number}"}, {"scheme": "isbn", "value": other}]}
    )

    assert found.json()["items"] == [{"scheme": "isbn", "value": other}, {"scheme": "oclc", "value": number}]
    assert book_of(api, book, include="identifiers")["identifiers"] == read(api, path)["items"] == found.json()["items"]
    assert ids(read(api, "/books", identifiersIn=f"oclc:0{number}")["items"]) == [book["id"]]
    refused(api.put(path, json={"items": [{"scheme": "isbn", "value": isbn}]}), 422, "/items/0")
    refused(api.put(path, json={"items": [{"scheme": "doi", "value": "x"}]}), 422, "/items/0")
    refused(api.get("/books?identifiersIn=oclc"), 422, "identifiersIn")
    assert read(api, path) == found.json()


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("published", "1972-5"),
        ("format", "scroll"),
        ("pages", 0),
        ("url", "javascript:alert(1)"),
        ("original_language", "english"),
    ],
)
def test_a_member_of_another_form_is_refused(api: httpx.Client, member: str, value: object):
    refused(api.post("/books", json={"title": "x", "author_id": None, member: value}), 422, f"/{member}")


# Merging


def test_merged_authors_become_one_with_all_books_and_names(api: httpx.Client):
    kept, (gone, third) = make_author(api), (make_author(api, dob="1816-04-21"), make_author(api))
    written = make_book(api, author_id=gone["id"])
    together = make_book(api, author_id=gone["id"])
    items = [{"author_id": each["id"], "role": "author"} for each in (third, gone, kept)]
    assert api.put(f"/books/{together['id']}/contributors", json={"items": items}).is_success
    assert api.put(f"/authors/{gone['id']}/names", json={"items": ["Currer Bell", kept["name"]]}).is_success

    merged = api.post(f"/authors/{kept['id']}/merge", json={"ids": [gone["id"], third["id"]]})

    assert merged.status_code == 200, merged.text
    assert (merged.json()["id"], merged.json()["name"], merged.json()["dob"]) == (
        kept["id"],
        kept["name"],
        "1816-04-21",
    )
    assert book_of(api, written)["author"]["id"] == kept["id"]
    assert [each["author"]["id"] for each in read(api, f"/books/{together['id']}/contributors")["items"]] == [
        kept["id"]
    ]
    assert read(api, f"/authors/{kept['id']}/names")["items"] == sorted(["Currer Bell", gone["name"], third["name"]])
    for other in (gone, third):
        refused(api.get(f"/authors/{other['id']}"), 404)


def test_a_merged_author_keeps_its_own_day_of_birth_and_takes_no_sort_name(api: httpx.Client):
    kept = make_author(api, dob="1816-04-21")
    gone = make_author(api, birth_year=1817, death_year=1855, sort_name="Bell, Currer")

    merged = api.post(f"/authors/{kept['id']}/merge", json={"ids": [gone["id"]]}).json()

    assert (merged["dob"], merged["birth_year"], merged["death_year"]) == ("1816-04-21", None, 1855)
    assert merged["sort_name"] is None
    assert read(api, f"/authors/{kept['id']}") == merged


def test_a_merge_of_a_row_with_itself_or_with_none_that_exists_changes_nothing(api: httpx.Client):
    author, other = make_author(api), make_author(api)
    path = f"/authors/{author['id']}/merge"

    refused(api.post(path, json={"ids": [author["id"]]}), 422, "/ids/0")
    refused(api.post(path, json={"ids": [other["id"], other["id"]]}), 422, "/ids/1")
    refused(api.post(path, json={"ids": [other["id"], new_id()]}), 404, "/ids/1")
    refused(api.post(f"/authors/{new_id()}/merge", json={"ids": [other["id"]]}), 404)

    assert read(api, f"/authors/{other['id']}") == other
    assert read(api, f"/authors/{author['id']}/names")["items"] == []


def test_a_merged_tag_stays_a_name_that_books_are_tagged_with(api: httpx.Client):
    kept, gone = make_tag(api), make_tag(api)
    one, both = make_book(api), make_book(api)
    api.put(f"/books/{one['id']}/tags", json={"items": [gone["name"]]})
    api.put(f"/books/{both['id']}/tags", json={"items": [kept["name"], gone["name"]]})

    assert api.post(f"/tags/{kept['id']}/merge", json={"ids": [gone["id"]]}).is_success

    for book in (one, both, later := make_book(api)):
        if book is later:
            api.put(f"/books/{book['id']}/tags", json={"items": [gone["name"]]})
        assert ids(read(api, f"/books/{book['id']}/tags")["items"]) == [kept["id"]]


def test_another_name_of_a_tag_is_no_name_of_a_second_one(api: httpx.Client):
    tag, second = make_tag(api), make_tag(api)
    free, taken = f"free {marker()}", f"taken {marker()}"
    assert api.put(f"/tags/{second['id']}/names", json={"items": [taken]}).is_success

    for name in (taken, second["name"]):
        problem = refused(api.put(f"/tags/{tag['id']}/names", json={"items": [free, name]}), 409, "/items/1")
        assert problem["errors"][0]["code"] == "taken"

    assert read(api, f"/tags/{tag['id']}/names")["items"] == []
    for items in ([free, tag["name"]], [free]):
        assert api.put(f"/tags/{tag['id']}/names", json={"items": items}).json()["items"] == [free]


def test_a_merged_tag_takes_its_name_from_a_tag_that_had_it_as_another_name(api: httpx.Client):
    first, kept = make_tag(api), make_tag(api)
    free, name = f"free {marker()}", f"name {marker()}"
    assert api.put(f"/tags/{first['id']}/names", json={"items": [free, name]}).is_success
    gone = api.post("/tags", json={"name": name}).json()

    assert api.post(f"/tags/{kept['id']}/merge", json={"ids": [gone["id"]]}).is_success

    assert read(api, f"/tags/{kept['id']}/names")["items"] == [name]
    assert read(api, f"/tags/{first['id']}/names")["items"] == [free]


def test_books_are_found_by_another_name_of_their_tag(api: httpx.Client):
    tag, second = make_tag(api), make_tag(api)
    name, later = f"name {marker()}", f"later {marker()}"
    assert api.put(f"/tags/{tag['id']}/names", json={"items": [name, later]}).is_success
    book, other = make_book(api), make_book(api)
    api.put(f"/books/{book['id']}/tags", json={"items": [tag["name"]]})
    api.put(f"/books/{other['id']}/tags", json={"items": [second["name"]]})

    assert ids(read(api, "/books", tagsIn=name)["items"]) == [book["id"]]
    assert {*ids(read(api, "/books", tagsIn=[name, second["name"]])["items"])} == {book["id"], other["id"]}
    lines = api.get("/books.jsonl", params={"tagsIn": name}).text.splitlines()
    assert [json.loads(line)["id"] for line in lines] == [book["id"]]

    # A tag's own name goes before: it is what books are given it by.
    assert api.post("/tags", json={"name": later}).is_success
    assert read(api, "/books", tagsIn=later)["items"] == []


def test_merged_publishers_move_their_books(api: httpx.Client):
    kept, gone = make(api, "publishers"), make(api, "publishers")
    book = make_book(api, publisher_id=gone["id"])

    assert api.post(f"/publishers/{kept['id']}/merge", json={"ids": [gone["id"]]}).json() == kept

    assert book_of(api, book)["publisher_id"] == kept["id"]
    assert read(api, f"/publishers/{kept['id']}/names")["items"] == [gone["name"]]
