"""Tags, and the tags of a book, over HTTP."""

from __future__ import annotations

import unicodedata

import httpx
import pytest

from tests.contract.making import Row, ids, make_book, make_tag, marker, new_id, read, refused


def names(items: list[Row]) -> list[str]:
    return [tag["name"] for tag in items]


def put_tags(api: httpx.Client, book: Row, *items: str) -> list[Row]:
    response = api.put(f"/books/{book['id']}/tags", json={"items": items})
    assert response.status_code == 200, response.text
    assert response.json().keys() == {"items"}
    return response.json()["items"]


def test_a_created_tag_is_answered_with_its_address_and_can_be_read_there(api: httpx.Client):
    name = marker()

    created = api.post("/tags", json={"name": name, "description": "Of a kind.", "scheme": "LCSH"})

    assert created.status_code == 201
    tag = created.json()
    assert created.headers["Location"] == f"/tags/{tag['id']}"
    assert tag.keys() == {"id", "name", "description", "scheme", "created_at", "updated_at"}
    assert (tag["name"], tag["description"], tag["scheme"]) == (name, "Of a kind.", "lcsh")
    assert read(api, f"/tags/{tag['id']}") == tag
    assert read(api, "/tags", nameIn=name)["items"] == [tag]


@pytest.mark.parametrize(
    "spelling", ["  {} ", "\u00c9cole {}", "E\u0301COLE {}", "ÅNGSTRÖM  {}", "ΣΊΣΥΦΟΣ {}", "{}\tx"]
)
def test_the_name_of_a_tag_is_trimmed_lower_cased_and_composed(api: httpx.Client, spelling: str):
    sent = spelling.format(marker().upper())

    tag = make_tag(api, name=sent)

    kept = unicodedata.normalize("NFC", " ".join(sent.split()).lower())
    assert tag["name"] == kept
    assert read(api, f"/tags/{tag['id']}")["name"] == kept
    assert read(api, "/tags", nameIn=sent)["items"] == [tag]


def test_the_name_of_a_tag_is_unique_however_it_is_spelled(api: httpx.Client):
    word = marker()
    tag, other = make_tag(api, name=f"école {word}"), make_tag(api)
    again = {"name": f" E\u0301COLE {word.upper()} "}

    refused(api.post("/tags", json=again), 409, "/name")
    refused(api.patch(f"/tags/{other['id']}", json=again), 409, "/name")
    refused(api.put(f"/tags/{other['id']}", json=again), 409, "/name")
    refused(api.put(f"/tags/{new_id()}", json=again), 409, "/name")

    assert read(api, "/tags", searchString=word)["items"] == [tag]
    assert read(api, f"/tags/{other['id']}") == other


def test_names_that_differ_by_an_accent_are_two_tags(api: httpx.Client):
    word = marker()

    make_tag(api, name=f"ecole {word}")
    make_tag(api, name=f"école {word}")

    assert read(api, "/tags", searchString=word)["total"] == 2


def test_a_change_of_a_tag_sets_what_is_sent_and_leaves_what_is_not(api: httpx.Client):
    tag, name = make_tag(api, description="Kept."), marker()

    changed = api.patch(f"/tags/{tag['id']}", json={"name": name.upper()})

    assert changed.status_code == 200
    assert changed.json() == {**tag, "name": name, "updated_at": changed.json()["updated_at"]}
    assert read(api, f"/tags/{tag['id']}") == changed.json()
    cleared = api.patch(f"/tags/{tag['id']}", json={"description": None})
    assert cleared.status_code == 200
    assert read(api, f"/tags/{tag['id']}")["description"] is None
    assert read(api, f"/tags/{tag['id']}")["name"] == name


def test_a_tag_can_be_put_at_a_free_id_and_replaced_there(api: httpx.Client):
    tag_id, name = new_id(), marker()

    created = api.put(f"/tags/{tag_id}", json={"name": name, "description": "First."})
    replaced = api.put(f"/tags/{tag_id}", json={"name": name})

    assert (created.status_code, replaced.status_code) == (201, 200)
    assert created.headers["Location"] == f"/tags/{tag_id}"
    assert created.json()["description"] == "First."
    assert replaced.json()["description"] is None
    assert read(api, f"/tags/{tag_id}") == replaced.json()


def test_a_deleted_tag_leaves_its_books(api: httpx.Client):
    book, tag, other = make_book(api), make_tag(api), make_tag(api)
    put_tags(api, book, tag["name"], other["name"])

    deleted = api.delete(f"/tags/{tag['id']}")

    assert deleted.status_code == 204
    refused(api.get(f"/tags/{tag['id']}"), 404)
    refused(api.get(f"/tags/{tag['id']}/books"), 404)
    refused(api.delete(f"/tags/{tag['id']}"), 404)
    assert read(api, f"/books/{book['id']}/tags")["items"] == [other]
    assert read(api, "/books", ids=book["id"], tagsIn=tag["name"])["total"] == 0


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
def test_a_tag_that_is_not_there_is_a_404(api: httpx.Client, method: str):
    path = f"/tags/{new_id()}"

    refused(api.request(method, path, json={} if method == "PATCH" else None), 404)

    refused(api.get(path), 404)


def test_a_tag_has_no_slug(api: httpx.Client):
    tag = make_tag(api)

    refused(api.get(f"/tags/slug/{tag['name']}"), 404)


def test_the_books_of_a_tag_are_those_that_carry_it(api: httpx.Client):
    tag, first, second, third = make_tag(api), *(make_book(api, year=year) for year in (1999, 1888, 2000))
    put_tags(api, first, tag["name"])
    put_tags(api, second, tag["name"])
    put_tags(api, third, marker())
    path = f"/tags/{tag['id']}/books"

    page = read(api, path, orderBy="year", sortOrder="asc")

    assert ids(page["items"]) == [second["id"], first["id"]]
    assert (page["total"], page["limit"], page["offset"]) == (2, 20, 0)
    assert ids(read(api, path, yearIn=1999, include="tags")["items"]) == [first["id"]]
    assert names(read(api, path, yearIn=1999, include="tags")["items"][0]["tags"]) == [tag["name"]]
    assert read(api, path, pageSize=1, currentPage=3) == {
        "items": [],
        "limit": 1,
        "offset": 2,
        "total": 2,
        "next": None,
        "previous": None,
    }


def test_the_books_of_a_tag_that_is_not_there_are_a_404(api: httpx.Client):
    refused(api.get(f"/tags/{new_id()}/books"), 404)


def test_a_book_begins_without_tags(api: httpx.Client):
    book = make_book(api)

    assert read(api, f"/books/{book['id']}/tags") == {"items": []}


def test_tags_put_on_a_book_are_made_where_they_are_missing(api: httpx.Client):
    book, there, word = make_book(api), make_tag(api, description="Was here before."), marker()

    items = put_tags(api, book, f" NEW {word} ", there["name"].upper())

    assert sorted(names(items)) == sorted([f"new {word}", there["name"]])
    assert next(tag for tag in items if tag["name"] == there["name"]) == there
    assert all(read(api, f"/tags/{tag['id']}") == tag for tag in items)
    assert read(api, f"/books/{book['id']}/tags")["items"] == items


def test_the_tags_of_a_book_are_answered_by_name(api: httpx.Client):
    book, word = make_book(api), marker()

    items = put_tags(api, book, *(f"{name} {word}" for name in ("zebra", "école", "Apple", "fog")))

    assert names(items) == [f"{name} {word}" for name in ("apple", "école", "fog", "zebra")]
    assert read(api, f"/books/{book['id']}/tags")["items"] == items


def test_putting_tags_on_a_book_replaces_those_it_had(api: httpx.Client):
    book, old, kept, new = make_book(api), marker(), marker(), marker()
    before = put_tags(api, book, old, kept)

    after = put_tags(api, book, kept, new)

    assert sorted(names(after)) == sorted([kept, new])
    assert {tag["id"] for tag in before} & {tag["id"] for tag in after}
    assert read(api, f"/books/{book['id']}/tags")["items"] == after
    assert read(api, "/tags", nameIn=old)["total"] == 1


def test_an_empty_list_takes_every_tag_off_a_book(api: httpx.Client):
    book, name = make_book(api), marker()
    put_tags(api, book, name)

    assert put_tags(api, book) == []

    assert read(api, f"/books/{book['id']}/tags") == {"items": []}
    assert read(api, "/tags", nameIn=name)["total"] == 1


def test_a_tag_given_twice_is_put_on_a_book_once(api: httpx.Client):
    book, name = make_book(api), marker()

    items = put_tags(api, book, name, name.upper(), f" {name} ")

    assert names(items) == [name]
    assert read(api, f"/books/{book['id']}/tags")["items"] == items


def test_putting_tags_on_a_book_changes_when_it_was_updated_only_if_they_differ(api: httpx.Client):
    book, name = make_book(api), marker()
    put_tags(api, book, name)
    tagged = read(api, f"/books/{book['id']}")

    put_tags(api, book, name.upper())

    assert tagged["updated_at"] > book["updated_at"]
    assert read(api, f"/books/{book['id']}") == tagged


def test_a_hundred_tags_can_be_put_on_a_book_and_no_more(api: httpx.Client):
    book, word = make_book(api), marker()

    refused(api.put(f"/books/{book['id']}/tags", json={"items": [f"{word} {n}" for n in range(101)]}), 422, "/items")
    assert read(api, "/tags", searchString=word)["total"] == 0
    items = put_tags(api, book, *(f"{word} {n}" for n in range(100)))

    assert len(items) == 100
    assert read(api, f"/books/{book['id']}/tags")["items"] == items


def test_a_bad_tag_on_a_book_is_named_and_none_is_made(api: httpx.Client):
    book, word = make_book(api), marker()
    path = f"/books/{book['id']}/tags"
    before = put_tags(api, book, marker())

    refused(api.put(path, json={"items": [word, " ", 5, "x" * 101, None]}), 422, *(f"/items/{n}" for n in (1, 2, 3, 4)))

    assert read(api, path)["items"] == before
    assert read(api, "/tags", nameIn=word)["total"] == 0


def test_the_tags_of_a_book_that_is_not_there_are_a_404_and_none_is_made(api: httpx.Client):
    path, word = f"/books/{new_id()}/tags", marker()

    refused(api.get(path), 404)
    refused(api.put(path, json={"items": [word]}), 404)

    assert read(api, "/tags", nameIn=word)["total"] == 0


def test_replacing_or_changing_a_book_keeps_its_tags(api: httpx.Client):
    book, name = make_book(api), marker()
    put_tags(api, book, name)

    assert api.patch(f"/books/{book['id']}", json={"year": 1900}).status_code == 200
    body = {"title": "Replaced", "author_id": book["author_id"]}
    assert api.put(f"/books/{book['id']}", json=body).status_code == 200

    assert names(read(api, f"/books/{book['id']}/tags")["items"]) == [name]
