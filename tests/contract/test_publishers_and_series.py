"""Publishers and series: what authors and tags have too, and how their books are listed."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from tests.contract.making import Row, ids, made, make, make_book, marker, new_id, read, refused

RESOURCES = ("publishers", "series")

everywhere = pytest.mark.parametrize("resource", RESOURCES)


def named(api: httpx.Client, resource: str, *names: str) -> list[Row]:
    """Create one row for each name, in order."""
    created = api.post(f"/{resource}/batch", json={"items": [{"name": name} for name in names]})
    assert created.status_code == 201, created.text
    return created.json()["items"]


def put_into(api: httpx.Client, resource: str, row: Row, **values: Any) -> Row:
    """Create a book of a publisher, or in a series."""
    if resource == "publishers":
        return make_book(api, publisher_id=row["id"], **values)
    book = make_book(api, **values)
    placed = api.put(f"/books/{book['id']}/series", json={"items": [{"series_id": row["id"], "position": "1"}]})
    assert placed.is_success, placed.text
    return read(api, f"/books/{book['id']}")


@everywhere
def test_a_created_row_is_answered_with_its_address_and_can_be_read_there(api: httpx.Client, resource: str):
    created = api.post(f"/{resource}", json={"name": f"  Sort  of {marker()} "})

    row = made(created)
    assert created.headers["Location"] == f"/{resource}/{row['id']}"
    assert row.keys() == {"id", "name", "slug", "created_at", "updated_at"}
    assert row["name"].startswith("Sort of ")
    assert read(api, f"/{resource}/{row['id']}") == row


@everywhere
def test_a_change_or_another_row_in_its_place_keeps_the_slug(api: httpx.Client, resource: str):
    row, name = make(api, resource), f"Name {marker()}"
    path = f"/{resource}/{row['id']}"

    changed = api.patch(path, json={"name": name}).json()
    assert (changed["name"], changed["slug"]) == (name, row["slug"])
    replaced = api.put(path, json={"name": f"{name} again"})
    assert (replaced.status_code, replaced.json()["slug"]) == (200, row["slug"])
    assert read(api, path) == replaced.json()

    free = api.put(f"/{resource}/{new_id()}", json={"name": name})
    assert free.status_code == 201
    assert free.json()["slug"] not in ("", row["slug"])
    assert api.delete(path).status_code == 204
    refused(api.get(path), 404)
    refused(api.get(f"/{resource}/slug/{row['slug']}"), 404)


@everywhere
@pytest.mark.parametrize("name", [None, "", "  ", 5, ["x"], "x" * 256, "a\x00b", "a\nb"])
def test_a_name_that_is_none_is_refused(api: httpx.Client, resource: str, name: Any):
    row = make(api, resource)

    refused(api.post(f"/{resource}", json={"name": name}), 422, "/name")
    refused(api.patch(f"/{resource}/{row['id']}", json={"name": name}), 422, "/name")
    refused(api.post(f"/{resource}/batch", json={"items": [{"name": "x"}, {"name": name}]}), 422, "/items/1/name")

    assert read(api, f"/{resource}/{row['id']}") == row


@everywhere
def test_two_may_share_a_name_and_have_slugs_of_their_own(api: httpx.Client, resource: str):
    word = marker()
    rows = named(api, resource, *[f"Élan & Co {word}"] * 3)

    slugs = [row["slug"] for row in rows]
    assert slugs[0] == f"elan-co-{word}"
    assert len(set(slugs)) == 3
    assert [read(api, f"/{resource}/slug/{slug}") for slug in slugs] == rows
    refused(api.get(f"/{resource}/slug/{marker()}"), 404)
    refused(api.post(f"/{resource}", json={"name": "x", "slug": "mine"}), 422, "/slug")


@everywhere
def test_a_list_is_searched_and_ordered_without_regard_to_case_and_accents(api: httpx.Client, resource: str):
    word = marker()
    by_name = named(api, resource, f"Abelard {word}", f"élan {word}", f"Elba {word}", f"ÉLEVÉ {word}", f"Zoë {word}")

    def found(**parameters: Any) -> list[Row]:
        return read(api, f"/{resource}", **parameters)["items"]

    assert found(searchString=word.upper(), orderBy="name", sortOrder="asc") == by_name
    assert found(searchString=word, orderBy="name") == by_name[::-1]
    assert found(searchString=f"elan {word}") == [by_name[1]]
    assert found(searchString=f"elan {word}", searchIgnoreCase="false") == []
    assert found(q=f"eleve {word}") == [by_name[3]]
    assert found(q=f"ele* {word}") == [by_name[3]]
    assert {row["id"] for row in found(q=word)} == set(ids(by_name))
    in_order = sorted(by_name, key=lambda row: row["slug"])
    assert found(searchString=word, orderBy="slug", sortOrder="asc") == in_order


@everywhere
def test_the_pages_of_a_list_hold_each_row_once(api: httpx.Client, resource: str):
    word = marker()
    rows = named(api, resource, *(f"{word} {number}" for number in range(23)))

    first = read(api, f"/{resource}", searchString=word)
    assert (len(first["items"]), first["limit"], first["total"]) == (20, 20, 23)
    pages = [read(api, f"/{resource}", searchString=word, pageSize=10, currentPage=number) for number in (1, 2, 3)]
    assert sorted(row["id"] for page in pages for row in page["items"]) == sorted(ids(rows))

    walked, cursor = [], None
    while True:
        given = {} if cursor is None else {"cursor": cursor}
        page = read(api, f"/{resource}", searchString=word, pageSize=10, orderBy="name", sortOrder="asc", **given)
        walked += ids(page["items"])
        if (cursor := page["next"]) is None:
            break
    assert walked == ids(sorted(rows, key=lambda row: row["name"]))


@everywhere
def test_a_list_can_be_narrowed_by_ids_and_times(api: httpx.Client, resource: str):
    one, two, three = (make(api, resource) for _ in range(3))
    wanted = [one["id"], three["id"], new_id()]

    assert read(api, f"/{resource}", ids=wanted, sortOrder="asc")["items"] == [one, three]
    moment = (datetime.fromisoformat(two["created_at"]) - timedelta(microseconds=1)).isoformat()
    late = {"createdAfter": moment, "ids": ids([one, two, three]), "sortOrder": "asc"}
    assert read(api, f"/{resource}", **late)["items"] == [two, three]
    early = {"createdBefore": two["created_at"], "ids": ids([one, two, three])}
    assert read(api, f"/{resource}", **early)["items"] == [one]


@everywhere
def test_a_parameter_that_is_unknown_or_bad_is_named(api: httpx.Client, resource: str):
    for name, value in (
        ("nameIn", "x"), ("orderBy", "dob"), ("pageSize", "0"), ("ids", "x"), ("createdAfter", "x"), ("cursor", "x"),
    ):  # fmt: skip
        refused(api.get(f"/{resource}", params={name: value}), 422, name)


@everywhere
def test_the_books_of_one_are_a_list_with_the_filters_of_books(api: httpx.Client, resource: str):
    row, other = make(api, resource), make(api, resource)
    word = marker()
    books = [put_into(api, resource, row, title=f"{word} {year}", year=year) for year in (1946, 1948, 1950)]
    put_into(api, resource, other)
    path = f"/{resource}/{row['id']}/books"

    assert read(api, path, orderBy="year", sortOrder="asc")["items"] == books
    assert read(api, path, yearIn=1948)["items"] == [books[1]]
    assert read(api, path, q=f"{word} 1950")["items"] == [books[2]]
    assert read(api, path, pageSize=1, currentPage=2, orderBy="year")["items"] == [books[1]]
    assert read(api, f"/{resource}/{make(api, resource)['id']}/books")["items"] == []
    refused(api.get(f"/{resource}/{new_id()}/books"), 404)
    refused(api.get(path, params={"publisher": row["id"]}), 422, "publisher")
    parameter = "publisherId" if resource == "publishers" else "series"
    both = {f"{parameter}In": ids([row, other]), "orderBy": "year", "sortOrder": "asc", "q": word}
    assert ids(read(api, "/books", **both)["items"]) == ids(books)
    without = {f"{parameter}NotIn": row["id"], "ids": ids(books)}
    assert read(api, "/books", **without)["items"] == []


@everywhere
def test_an_upsert_finds_rows_by_name(api: httpx.Client, resource: str):
    row, word = make(api, resource), marker()
    items = [{"name": row["name"]}, {"name": f"New {word}"}]

    done = api.put(f"/{resource}/batch", json={"items": items}).json()

    assert (done["created"], done["updated"], done["unchanged"]) == (1, 0, 1)
    assert (done["items"][0], done["items"][1]["name"]) == (row, f"New {word}")
    twins = named(api, resource, *[f"Twin {word}"] * 2)
    refused(api.put(f"/{resource}/batch", json={"items": [{"name": f"Twin {word}"}]}), 409, "/items/0")
    refused(api.put(f"/{resource}/batch", json={"items": [items[0], items[0]]}), 422, "/items/1")
    assert api.request("DELETE", f"/{resource}/batch", json={"ids": ids(twins)}).status_code == 204
    assert read(api, f"/{resource}", ids=ids(twins))["items"] == []


def test_a_publisher_with_books_keeps_a_batch_from_deleting_any(api: httpx.Client):
    free, used = make(api, "publishers"), make(api, "publishers")
    make_book(api, publisher_id=used["id"])

    refused(api.request("DELETE", "/publishers/batch", json={"ids": ids([free, used])}), 409)

    assert read(api, "/publishers", ids=ids([free, used]), sortOrder="asc")["items"] == [free, used]


def test_merged_publishers_leave_their_names_and_are_gone(api: httpx.Client):
    kept, (second, third) = make(api, "publishers"), (make(api, "publishers") for _ in range(2))
    old, book = f"Old {marker()}", make_book(api, publisher_id=third["id"])
    assert api.put(f"/publishers/{second['id']}/names", json={"items": [old, kept["name"]]}).is_success

    merged = api.post(f"/publishers/{kept['id']}/merge", json={"ids": ids([second, third])})

    assert merged.json() == kept
    assert read(api, f"/publishers/{kept['id']}/names")["items"] == sorted([old, second["name"], third["name"]])
    assert ids(read(api, f"/publishers/{kept['id']}/books")["items"]) == [book["id"]]
    for gone in (second, third):
        refused(api.get(f"/publishers/{gone['id']}"), 404)
        refused(api.get(f"/publishers/slug/{gone['slug']}"), 404)


def test_a_merge_of_publishers_that_cannot_be_changes_nothing(api: httpx.Client):
    row, other = make(api, "publishers"), make(api, "publishers")
    path = f"/publishers/{row['id']}/merge"

    refused(api.post(path, json={"ids": [row["id"]]}), 422, "/ids/0")
    refused(api.post(path, json={"ids": [other["id"], other["id"]]}), 422, "/ids/1")
    refused(api.post(path, json={"ids": []}), 422, "/ids")
    refused(api.post(path, json={"ids": [other["id"], new_id()]}), 404, "/ids/1")
    refused(api.post(f"/publishers/{new_id()}/merge", json={"ids": [other["id"]]}), 404)

    assert read(api, "/publishers", ids=ids([row, other]), sortOrder="asc")["items"] == [row, other]


def test_series_have_no_other_names_and_are_not_merged(api: httpx.Client):
    series, other = make(api, "series"), make(api, "series")

    refused(api.get(f"/series/{series['id']}/names"), 404)
    refused(api.post(f"/series/{series['id']}/merge", json={"ids": [other["id"]]}), 404)
