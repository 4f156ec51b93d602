"""Batches: many rows at once, all or none."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.contract.making import (
    NAMED_BY,
    RESOURCES,
    Row,
    body_of,
    found,
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

everywhere = pytest.mark.parametrize("resource", RESOURCES)


def bodies(api: httpx.Client, resource: str, word: str, count: int) -> list[Row]:
    """Return bodies of new rows whose names contain a word and sort in order."""
    author = make_author(api)["id"] if resource == "books" else None
    extra: dict[str, Any] = {"authors": {"dob": None}, "tags": {}, "books": {"author_id": author}}[resource]
    isbn = [{"isbn": new_isbn()} if resource == "books" else {} for _ in range(count)]
    return [{NAMED_BY[resource]: f"{word} {n:04}", **extra, **isbn[n]} for n in range(count)]


def batch(api: httpx.Client, method: str, resource: str, items: Any) -> httpx.Response:
    return api.request(method, f"/{resource}/batch", json={"items": items})


# Create


@everywhere
def test_a_batch_creates_every_item_in_order(api: httpx.Client, resource: str):
    items = bodies(api, resource, marker(), 5)

    created = batch(api, "POST", resource, items)

    assert created.status_code == 201
    assert created.json().keys() == {"items"}
    rows = created.json()["items"]
    assert [{name: row[name] for name in item} for row, item in zip(rows, items, strict=True)] == items
    assert [read(api, f"/{resource}/{row['id']}") for row in rows] == rows


@everywhere
def test_a_batch_creates_a_thousand_items(api: httpx.Client, resource: str):
    word = marker()

    created = batch(api, "POST", resource, bodies(api, resource, word, 1000))

    assert created.status_code == 201
    assert len(created.json()["items"]) == 1000
    page = read(api, f"/{resource}", searchString=word, pageSize=1000, orderBy=NAMED_BY[resource], sortOrder="asc")
    assert page["total"] == 1000
    assert page["items"] == created.json()["items"]


@everywhere
@pytest.mark.parametrize("method", ["POST", "PATCH", "PUT"])
@pytest.mark.parametrize("items", [[], None, {}, "x", 5])
def test_a_batch_without_items_is_refused(api: httpx.Client, resource: str, method: str, items: Any):
    refused(batch(api, method, resource, items), 422, "/items")
    refused(api.request(method, f"/{resource}/batch", json={}), 422, "/items")


@everywhere
@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_a_batch_of_more_than_a_thousand_items_is_refused(api: httpx.Client, resource: str, method: str):
    word = marker()

    refused(batch(api, method, resource, bodies(api, resource, word, 1001)), 422, "/items")

    assert found(api, resource, word) == []


@everywhere
@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_one_bad_item_keeps_a_batch_from_creating_any(api: httpx.Client, resource: str, method: str):
    word, name = marker(), NAMED_BY[resource]
    items = bodies(api, resource, word, 4)
    items[1] = {**items[1], name: ""}
    items[3] = {**items[3], name: 5, "nobody": True}

    response = batch(api, method, resource, items)

    refused(response, 422, f"/items/1/{name}", f"/items/3/{name}", "/items/3/nobody")
    assert found(api, resource, word) == []


@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_an_author_who_is_not_there_is_named_by_the_items_index(api: httpx.Client, method: str):
    word = marker()
    items = bodies(api, "books", word, 3)
    items[0]["author_id"] = items[2]["author_id"] = new_id()

    refused(batch(api, method, "books", items), 422, "/items/0/author_id", "/items/2/author_id")

    assert found(api, "books", word) == []


def test_a_tag_that_is_there_already_is_named_by_the_items_index(api: httpx.Client):
    word, tag = marker(), make_tag(api)
    items = [{"name": word}, {"name": tag["name"].upper()}, {"name": f"{word} 2"}]

    refused(batch(api, "POST", "tags", items), 409, "/items/1/name")

    assert found(api, "tags", word) == []
    assert read(api, f"/tags/{tag['id']}") == tag


def test_an_isbn_that_is_there_already_is_named_by_the_items_index(api: httpx.Client):
    word, book = marker(), make_book(api, isbn=new_isbn())
    items = bodies(api, "books", word, 3)
    items[2]["isbn"] = book["isbn"]

    refused(batch(api, "POST", "books", items), 409, "/items/2/isbn")

    assert found(api, "books", word) == []


@pytest.mark.parametrize(("resource", "field"), [("tags", "name"), ("books", "isbn")])
def test_a_value_that_must_be_unique_may_be_in_a_batch_once(api: httpx.Client, resource: str, field: str):
    word = marker()
    items = bodies(api, resource, word, 3)
    items[2][field] = items[0][field]

    refused(batch(api, "POST", resource, items), 409, f"/items/2/{field}")

    assert found(api, resource, word) == []


# Change


@everywhere
def test_a_batch_changes_every_item_it_names(api: httpx.Client, resource: str):
    name = NAMED_BY[resource]
    rows = [make(api, resource) for _ in range(3)]
    changes = [{"id": row["id"], name: marker()} for row in reversed(rows)]

    changed = batch(api, "PATCH", resource, changes)

    assert changed.status_code == 200
    assert changed.json().keys() == {"items"}
    for row, change, before in zip(changed.json()["items"], changes, reversed(rows), strict=True):
        assert row == {**before, **change, "updated_at": row["updated_at"]}
        assert row["updated_at"] > before["updated_at"]
        assert read(api, f"/{resource}/{row['id']}") == row


@pytest.mark.parametrize(("resource", "field"), [("authors", "dob"), ("books", "isbn"), ("tags", "description")])
def test_null_in_a_batch_takes_a_value_away_and_what_is_absent_stays(api: httpx.Client, resource: str, field: str):
    first, second = make(api, resource), make(api, resource)

    changed = batch(api, "PATCH", resource, [{"id": first["id"], field: None}, {"id": second["id"]}])

    assert changed.status_code == 200
    assert first[field] is not None
    assert read(api, f"/{resource}/{first['id']}") == {**changed.json()["items"][0], field: None}
    assert read(api, f"/{resource}/{second['id']}") == second


@everywhere
def test_a_row_that_is_not_there_keeps_a_batch_from_changing_any(api: httpx.Client, resource: str):
    row, name = make(api, resource), NAMED_BY[resource]
    changes = [{"id": new_id(), name: marker()}, {"id": row["id"], name: marker()}, {"id": new_id()}]

    refused(batch(api, "PATCH", resource, changes), 404, "/items/0/id", "/items/2/id")

    assert read(api, f"/{resource}/{row['id']}") == row


@everywhere
def test_bad_changes_are_all_named_and_none_is_made(api: httpx.Client, resource: str):
    row, name = make(api, resource), NAMED_BY[resource]
    changes = [{"id": row["id"], name: marker()}, {name: marker()}, {"id": "x"}, {"id": new_id(), name: None}, []]

    response = batch(api, "PATCH", resource, changes)

    refused(response, 422, "/items/1/id", "/items/2/id", f"/items/3/{name}", "/items/4")
    assert read(api, f"/{resource}/{row['id']}") == row


@everywhere
def test_a_row_may_be_in_a_batch_of_changes_once(api: httpx.Client, resource: str):
    row, name = make(api, resource), NAMED_BY[resource]
    changes = [{"id": row["id"], name: marker()}, {"id": row["id"].upper(), name: marker()}]

    problem = refused(batch(api, "PATCH", resource, changes), 422)

    assert [error["pointer"].split("/")[:3] for error in problem["errors"]] == [["", "items", "1"]]
    assert read(api, f"/{resource}/{row['id']}") == row


def test_a_batch_of_changes_cannot_take_what_another_row_has(api: httpx.Client):
    first, second, other = make_tag(api), make_tag(api), make_tag(api)
    changes = [{"id": first["id"], "name": marker()}, {"id": second["id"], "name": other["name"]}]

    refused(batch(api, "PATCH", "tags", changes), 409, "/items/1/name")

    assert [read(api, f"/tags/{row['id']}") for row in (first, second, other)] == [first, second, other]


def test_a_batch_of_changes_cannot_give_a_book_to_a_missing_author(api: httpx.Client):
    first, second = make_book(api), make_book(api)
    changes = [{"id": first["id"], "year": 1}, {"id": second["id"], "author_id": new_id()}]

    refused(batch(api, "PATCH", "books", changes), 422, "/items/1/author_id")

    assert read(api, f"/books/{first['id']}") == first
    assert read(api, f"/books/{second['id']}") == second


# Upsert


@everywhere
def test_an_upsert_creates_what_is_not_there_and_leaves_what_is_the_same(api: httpx.Client, resource: str):
    items = bodies(api, resource, marker(), 3)

    first = batch(api, "PUT", resource, items[:2])
    again = batch(api, "PUT", resource, items)

    assert (first.status_code, again.status_code) == (200, 200)
    assert first.json().keys() == {"items", "created", "updated", "unchanged"}
    assert [first.json()[count] for count in ("created", "updated", "unchanged")] == [2, 0, 0]
    assert [again.json()[count] for count in ("created", "updated", "unchanged")] == [1, 0, 2]
    assert again.json()["items"][:2] == first.json()["items"]
    for row, item in zip(again.json()["items"], items, strict=True):
        assert {name: row[name] for name in item} == item
        assert read(api, f"/{resource}/{row['id']}") == row


def test_an_upsert_of_tags_finds_them_by_name_and_changes_what_is_sent(api: httpx.Client):
    changed, same, plain = make_tag(api, description="Old."), make_tag(api, description="Kept."), make_tag(api)
    word = marker()
    items = [
        {"name": f" {changed['name'].upper()} ", "description": "New."},
        {"name": same["name"]},
        {"name": word, "description": None},
        {"name": plain["name"], "description": None},
    ]

    done = batch(api, "PUT", "tags", items)

    assert done.status_code == 200
    assert [done.json()[count] for count in ("created", "updated", "unchanged")] == [1, 1, 2]
    assert ids(done.json()["items"])[:2] == ids([changed, same])
    assert [row["description"] for row in done.json()["items"]] == ["New.", "Kept.", None, None]
    assert [read(api, f"/tags/{row['id']}") for row in done.json()["items"]] == done.json()["items"]
    assert read(api, f"/tags/{same['id']}") == same


def test_an_upsert_of_books_finds_them_by_isbn_and_changes_what_is_sent(api: httpx.Client):
    book = make_book(api, isbn=new_isbn(), year=1974, language="en", description="Kept.")
    spelled = f"ISBN {book['isbn'][:3]}-{book['isbn'][3:]}"
    item = {"isbn": spelled, "title": f"New {marker()}", "author_id": book["author_id"], "language": None}

    done = batch(api, "PUT", "books", [item])

    assert done.status_code == 200
    assert [done.json()[count] for count in ("created", "updated", "unchanged")] == [0, 1, 0]
    row = read(api, f"/books/{book['id']}")
    assert done.json()["items"] == [row]
    assert row == {**book, "title": item["title"], "language": None, "updated_at": row["updated_at"]}
    assert row["updated_at"] > book["updated_at"]


def test_an_upsert_of_authors_finds_them_by_name_and_date_of_birth(api: httpx.Client):
    name = f"Known {marker()}"
    dated, undated = make_author(api, name=name, dob="1929-10-21"), make_author(api, name=name)
    items = [
        {"name": name, "dob": "1929-10-21"},
        {"name": f" {name} ", "dob": None},
        {"name": name, "dob": "1930-01-01"},
    ]

    done = batch(api, "PUT", "authors", items)

    assert done.status_code == 200
    assert [done.json()[count] for count in ("created", "updated", "unchanged")] == [1, 0, 2]
    assert done.json()["items"][:2] == [dated, undated]
    assert read(api, "/authors", searchString=name)["total"] == 3
    assert read(api, f"/authors/{done.json()['items'][2]['id']}")["dob"] == "1930-01-01"


@pytest.mark.parametrize(
    ("resource", "field", "null_too"), [("authors", "dob", False), ("books", "isbn", True), ("tags", "name", True)]
)
def test_an_item_without_a_key_keeps_an_upsert_from_doing_any(
    api: httpx.Client,
    resource: str,
    field: str,
    null_too: bool,  # noqa: FBT001
):
    word = marker()
    items = bodies(api, resource, word, 3)
    del items[1][field]
    if null_too:
        items[2][field] = None

    refused(batch(api, "PUT", resource, items), 422, *([f"/items/{n}/{field}" for n in (1, 2)][: 1 + null_too]))

    assert found(api, resource, word) == []


@everywhere
def test_a_key_may_be_in_an_upsert_once(api: httpx.Client, resource: str):
    word = marker()
    items = bodies(api, resource, word, 3)

    problem = refused(batch(api, "PUT", resource, [*items, items[1]]), 422)

    assert all(error["pointer"].startswith("/items/3") for error in problem["errors"])
    assert found(api, resource, word) == []


@pytest.mark.parametrize("dob", [None, "1929-10-21"])
def test_an_upsert_that_matches_several_rows_names_them_and_does_nothing(api: httpx.Client, dob: str | None):
    name, word = f"Twin {marker()}", marker()
    twins = [make_author(api, name=name, dob=dob) for _ in range(2)]

    problem = refused(batch(api, "PUT", "authors", [{"name": word, "dob": None}, {"name": name, "dob": dob}]), 409)

    assert all(twin["id"] in str(problem["errors"]) for twin in twins)
    assert all(error["pointer"].startswith("/items/1") for error in problem["errors"])
    assert found(api, "authors", word) == []
    assert len(found(api, "authors", name)) == 2


@everywhere
def test_an_upsert_takes_a_thousand_items(api: httpx.Client, resource: str):
    word = marker()
    items = bodies(api, resource, word, 1000)
    assert batch(api, "PUT", resource, items[:400]).json()["created"] == 400

    done = batch(api, "PUT", resource, items)

    assert done.status_code == 200
    assert [done.json()[count] for count in ("created", "updated", "unchanged")] == [600, 0, 400]
    assert read(api, f"/{resource}", searchString=word, pageSize=1)["total"] == 1000


# Delete


@everywhere
@pytest.mark.parametrize("where", ["body", "query"])
def test_a_batch_deletes_every_row_it_names(api: httpx.Client, resource: str, where: str):
    first, second, third = rows = [make(api, resource) for _ in range(3)]
    gone = ids(rows[:2])
    path = f"/{resource}/batch"

    deleted = (
        api.request("DELETE", path, json={"ids": gone}) if where == "body" else api.delete(path, params={"ids": gone})
    )

    assert deleted.status_code == 204
    assert deleted.content == b""
    assert "Content-Type" not in deleted.headers
    refused(api.get(f"/{resource}/{first['id']}"), 404)
    refused(api.get(f"/{resource}/{second['id']}"), 404)
    assert read(api, f"/{resource}/{third['id']}") == third


@everywhere
def test_a_batch_deletes_a_thousand_rows(api: httpx.Client, resource: str):
    word = marker()
    created = batch(api, "POST", resource, bodies(api, resource, word, 1000)).json()["items"]

    deleted = api.request("DELETE", f"/{resource}/batch", json={"ids": ids(created)})

    assert deleted.status_code == 204
    assert read(api, f"/{resource}", searchString=word)["total"] == 0


@everywhere
def test_a_row_that_is_not_there_keeps_a_batch_from_deleting_any(api: httpx.Client, resource: str):
    row = make(api, resource)
    gone = [new_id(), row["id"], new_id()]

    refused(api.request("DELETE", f"/{resource}/batch", json={"ids": gone}), 404, "/ids/0", "/ids/2")

    assert read(api, f"/{resource}/{row['id']}") == row


@everywhere
def test_ids_in_the_query_that_are_not_there_are_a_fault_of_that_parameter(api: httpx.Client, resource: str):
    row = make(api, resource)

    refused(api.delete(f"/{resource}/batch", params={"ids": [row["id"], new_id()]}), 404, "ids")

    assert read(api, f"/{resource}/{row['id']}") == row


@everywhere
@pytest.mark.parametrize("where", ["body", "query"])
def test_a_row_may_be_in_a_batch_of_deletions_once(api: httpx.Client, resource: str, where: str):
    row, path = make(api, resource), f"/{resource}/batch"
    twice = [row["id"], row["id"].upper()]

    if where == "body":
        refused(api.request("DELETE", path, json={"ids": twice}), 422, "/ids/1")
    else:
        refused(api.delete(path, params={"ids": twice}), 422)

    assert read(api, f"/{resource}/{row['id']}") == row


@everywhere
def test_a_batch_of_deletions_needs_ids_and_takes_them_in_one_place(api: httpx.Client, resource: str):
    row, path = make(api, resource), f"/{resource}/batch"

    refused(api.delete(path), 422)
    refused(api.request("DELETE", path, json={"ids": [row["id"]]}, params={"ids": row["id"]}), 422)
    refused(api.request("DELETE", path, json={}), 422, "/ids")
    refused(api.request("DELETE", path, json={"ids": []}), 422, "/ids")
    refused(api.request("DELETE", path, json={"ids": row["id"]}), 422, "/ids")
    refused(api.request("DELETE", path, json={"ids": ["x", row["id"], 5]}), 422, "/ids/0", "/ids/2")
    refused(api.request("DELETE", path, json={"ids": [new_id() for _ in range(1001)]}), 422, "/ids")
    refused(api.delete(path, params={"ids": ["x", row["id"]]}), 422, "ids")
    refused(api.delete(path, params={"ids": row["id"], "force": "true"}), 422, "force")

    assert read(api, f"/{resource}/{row['id']}") == row


def test_an_author_with_books_keeps_a_batch_from_deleting_any(api: httpx.Client):
    free, busy, book = make_author(api), make_author(api), make_book(api)
    items = [{"author_id": book["author_id"], "role": "author"}, {"author_id": busy["id"], "role": "editor"}]
    assert api.put(f"/books/{book['id']}/contributors", json={"items": items}).status_code == 200
    gone = [book["author_id"], free["id"], busy["id"]]

    refused(api.request("DELETE", "/authors/batch", json={"ids": gone}), 409, "/ids/0", "/ids/2")

    assert read(api, "/authors", ids=gone)["total"] == 3


def test_an_author_who_is_not_there_is_complained_of_before_one_with_books(api: httpx.Client):
    book = make_book(api)
    gone = [book["author_id"], new_id()]

    refused(api.request("DELETE", "/authors/batch", json={"ids": gone}), 404, "/ids/1")

    assert read(api, f"/books/{book['id']}") == book


@everywhere
def test_a_batch_can_be_posted_changed_and_deleted_but_not_read(api: httpx.Client, resource: str):
    response = api.get(f"/{resource}/batch")

    refused(response, 405)
    assert response.headers["Allow"] == "DELETE, OPTIONS, PATCH, POST, PUT"


def test_body_of_makes_rows_that_a_batch_accepts(api: httpx.Client):
    for resource in RESOURCES:
        created = batch(api, "POST", resource, [body_of(api, resource)])
        assert created.status_code == 201
        assert read(api, f"/{resource}/{created.json()['items'][0]['id']}") == created.json()["items"][0]


def test_the_names_of_a_batch_have_a_limit_together(api: httpx.Client):
    word = marker()
    long = [{"name": f"{word} {number:04} " + "\u4e66" * 200} for number in range(1000)]

    for method in ("POST", "PUT"):
        problem = refused(batch(api, method, "authors", [{**item, "dob": None} for item in long]), 422, "/items")
        assert problem["errors"][0]["code"] == "too_long"

    assert found(api, "authors", word) == []
    row = make_author(api)
    books = [{"id": new_id(), "title": "\u4e66" * 900} for _ in range(300)]
    refused(batch(api, "PATCH", "books", books), 422, "/items")
    assert read(api, f"/authors/{row['id']}") == row
