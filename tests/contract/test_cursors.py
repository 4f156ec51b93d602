"""Lists by cursor: forward and back, in every order, while others write."""

from __future__ import annotations

import base64
import json
from typing import Any

import httpx
import pytest

from tests.contract.making import NAMED_BY, RESOURCES, Row, ids, make_author, make_book, marker, read, refused

everywhere = pytest.mark.parametrize("resource", RESOURCES)
ways = pytest.mark.parametrize("sort_order", ["asc", "desc"])

ORDERS = {
    "authors": ("created_at", "updated_at", "name", "dob", "slug", "id", "relevance"),
    "books": ("created_at", "updated_at", "title", "year", "isbn", "language", "slug", "id", "relevance"),
    "tags": ("created_at", "updated_at", "name", "id", "relevance"),
}
EVERY_ORDER = [(resource, order) for resource, orders in ORDERS.items() for order in orders]


def rows(api: httpx.Client, resource: str, word: str, count: int) -> list[Row]:
    """Create rows whose names contain a word; every third lacks optional values, and some are equal."""
    author = make_author(api) if resource == "books" else None
    items: list[Row] = []
    for number in range(count):
        item: Row = {NAMED_BY[resource]: f"{word} {number if resource == 'tags' else number // 2:03}"}
        if author:
            item["author_id"] = author["id"]
        if number % 3:
            item |= {"authors": {"dob": f"19{number // 2:02}-01-01"}, "books": {"year": 1900 + number // 2}}.get(
                resource, {}
            )
        items.append(item)
    created = api.post(f"/{resource}/batch", json={"items": items})
    assert created.status_code == 201, created.text
    found: list[Row] = created.json()["items"]
    return found


def walked(api: httpx.Client, resource: str, member: str, page: dict[str, Any], **query: Any) -> list[list[str]]:
    """Return the ids of the pages that follow one, by `next`, or by `previous` back to the first."""
    found = [ids(page["items"])]
    while page[member] is not None:
        page = read(api, f"/{resource}", **query, cursor=page[member])
        found.append(ids(page["items"]))
    return found


@pytest.mark.parametrize(("resource", "order"), EVERY_ORDER)
@ways
def test_a_list_can_be_walked_forward_and_back_in_every_order(
    api: httpx.Client, resource: str, order: str, sort_order: str
):
    word = marker()
    rows(api, resource, word, 11)
    query = {"searchString": word, "orderBy": order, "sortOrder": sort_order}
    whole = ids(read(api, f"/{resource}", **query)["items"])
    assert len(whole) == 11
    query["pageSize"] = "3"
    pages = [whole[0:3], whole[3:6], whole[6:9], whole[9:11]]

    first = read(api, f"/{resource}", **query)
    assert walked(api, resource, "next", first, **query) == pages

    last = read(api, f"/{resource}", **query, currentPage=4)
    assert walked(api, resource, "previous", last, **query) == [pages[3], whole[6:9], whole[3:6], whole[0:3]]


@everywhere
def test_a_page_by_cursor_has_a_limit_and_a_total_and_no_offset(api: httpx.Client, resource: str):
    word = marker()
    rows(api, resource, word, 5)
    query = {"searchString": word, "pageSize": 2}
    first = read(api, f"/{resource}", **query)
    second = read(api, f"/{resource}", **query, cursor=first["next"])

    assert first.keys() == second.keys() == {"items", "limit", "offset", "total", "next", "previous"}
    assert (first["offset"], first["previous"], first["total"]) == (0, None, 5)
    assert (second["offset"], second["limit"], second["total"]) == (None, 2, 5)
    assert second["next"] is not None
    assert second["previous"] is not None


@everywhere
def test_the_only_page_of_a_list_has_nothing_after_or_before_it(api: httpx.Client, resource: str):
    word = marker()
    rows(api, resource, word, 2)
    for page in (
        read(api, f"/{resource}", searchString=word, pageSize=2),
        read(api, f"/{resource}", searchString=marker()),
    ):
        assert (page["next"], page["previous"]) == (None, None)


@everywhere
def test_a_cursor_shows_each_row_once_though_others_come_and_go(api: httpx.Client, resource: str):
    word = marker()
    made = rows(api, resource, word, 9)
    query = {"searchString": word, "orderBy": "id", "sortOrder": "asc", "pageSize": 3}
    whole = sorted(row["id"] for row in made)
    first = read(api, f"/{resource}", **query)
    assert ids(first["items"]) == whole[:3]

    # One page starts at the page that was read, and includes the cursor's own row; one starts at the next.
    for gone in (whole[0], whole[2], whole[4]):
        assert api.delete(f"/{resource}/{gone}").status_code == 204

    assert walked(api, resource, "next", first, **query)[1:] == [[whole[3], whole[5], whole[6]], whole[7:9]]


@everywhere
def test_from_behind_the_end_a_cursor_leads_back_to_the_last_row(api: httpx.Client, resource: str):
    word = marker()
    made = rows(api, resource, word, 3)
    query = {"searchString": word, "orderBy": "id", "sortOrder": "asc", "pageSize": 2}
    whole = sorted(row["id"] for row in made)
    first = read(api, f"/{resource}", **query)
    assert api.delete(f"/{resource}/{whole[2]}").status_code == 204

    behind = read(api, f"/{resource}", **query, cursor=first["next"])
    assert (behind["items"], behind["next"]) == ([], None)
    back = read(api, f"/{resource}", **query, cursor=behind["previous"])
    assert ids(back["items"]) == whole[:2]
    forth = read(api, f"/{resource}", **query, cursor=back["next"])
    assert forth["items"] == []


@everywhere
def test_pages_by_cursor_are_linked(api: httpx.Client, resource: str):
    word = marker()
    rows(api, resource, word, 5)
    query = {"searchString": word, "pageSize": "2"}
    first = read(api, f"/{resource}", **query)
    response = api.get(f"/{resource}", params=query | {"cursor": first["next"]})

    links = {relation: link["url"] for relation, link in response.links.items()}
    assert links.keys() == {"first", "prev", "next"}
    assert ids(api.get(links["first"]).json()["items"]) == ids(first["items"])
    assert ids(api.get(links["prev"]).json()["items"]) == ids(first["items"])
    assert len(api.get(links["next"]).json()["items"]) == 1


@everywhere
def test_a_total_can_be_left_out(api: httpx.Client, resource: str):
    word = marker()
    rows(api, resource, word, 5)
    query = {"searchString": word, "pageSize": "2", "total": "false"}
    first = api.get(f"/{resource}", params=query)
    assert first.json()["total"] is None
    assert len(first.json()["items"]) == 2
    assert first.links.keys() == {"first", "next"}

    last = api.get(f"/{resource}", params=query | {"currentPage": "3"})
    assert (last.json()["total"], last.json()["next"]) == (None, None)
    assert last.links.keys() == {"first", "prev"}

    second = read(api, f"/{resource}", **query, cursor=first.json()["next"])
    assert (second["total"], len(second["items"])) == (None, 2)
    assert read(api, f"/{resource}", searchString=word, total="true")["total"] == 5


def forged(*parts: Any) -> str:
    text = json.dumps(parts, ensure_ascii=False, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode(errors="surrogatepass")).rstrip(b"=").decode()


ID = "01890f3e-8f6a-7cc0-9d5a-3b1f6d2c4e5f"


@pytest.mark.parametrize(
    ("order", "cursor"),
    [
        ("title", ""),
        ("title", "x"),
        ("title", "é"),
        ("title", "WzE="),
        ("title", "W" * 3000),
        ("title", forged("title", "asc", ">", "x")),
        ("title", forged("title", "asc", ">", "x", "x")),
        ("title", forged("title", "asc", ">", "x", 1)),
        ("title", forged("title", "asc", ">", "x", ID.upper())),
        ("title", forged("title", "asc", ">", "x", ID.replace("-", ""))),
        ("title", forged("title", "asc", "=", "x", ID)),
        ("title", forged("title", "asc", [], "x", ID)),
        ("title", forged("title", "asc", ">", ["x"], ID)),
        ("title", forged("title", "asc", ">", True, ID)),
        ("title", forged("title", "asc", ">", 1.5, ID)),
        ("title", forged("title", "asc", ">", 1, ID)),
        ("title", forged("title", "asc", ">", "a\0b", ID)),
        ("title", forged("title", "asc", ">", "\ud800", ID)),
        ("title", forged("title", "asc", ">", None, ID)),
        ("title", forged("title", "desc", ">", "x", ID)),
        ("title", forged("year", "asc", ">", 1900, ID)),
        ("title", forged("title", "asc", ">", "x", ID) + "="),
        ("title", forged(*["["] * 5)),
        ("title", base64.urlsafe_b64encode(b"[" * 1400).decode().rstrip("=")),
        ("title", base64.urlsafe_b64encode(b'["title","asc",">",1e999,""]').decode().rstrip("=")),
        ("year", forged("year", "asc", ">", "1900", ID)),
        ("year", forged("year", "asc", ">", 10**6, ID)),
        ("year", forged("year", "asc", ">", 10**400, ID)),
        ("created_at", forged("created_at", "asc", ">", "yesterday", ID)),
        ("created_at", forged("created_at", "asc", ">", 1, ID)),
        ("created_at", forged("created_at", "asc", ">", "2026-01-01", ID)),
        ("created_at", forged("created_at", "asc", ">", "2026-01-01T00:00:00", ID)),
        ("created_at", forged("created_at", "asc", ">", "0001-01-01T00:00:00+14:00", ID)),
        ("created_at", forged("created_at", "asc", ">", "2026-01-01T00:00:00+00:00", ID)),
        ("id", forged("id", "asc", ">", "x", ID)),
    ],
)
def test_what_is_no_cursor_of_this_list_is_refused(api: httpx.Client, order: str, cursor: str):
    response = api.get("/books", params={"orderBy": order, "sortOrder": "asc", "cursor": cursor})
    refused(response, 422, "cursor")


def test_a_cursor_goes_with_no_page_number_and_with_no_other_order(api: httpx.Client):
    word = marker()
    rows(api, "tags", word, 3)
    cursor = read(api, "/tags", searchString=word, pageSize=1)["next"]

    response = api.get("/tags", params={"cursor": cursor, "currentPage": 1, "orderBy": "name"})

    refused(response, 422, "currentPage", "cursor")


@everywhere
def test_a_cursor_of_one_list_may_be_of_another_filter(api: httpx.Client, resource: str):
    word = marker()
    made = rows(api, resource, word, 4)
    query = {"orderBy": "id", "sortOrder": "asc", "pageSize": 2}
    whole = sorted(row["id"] for row in made)
    cursor = read(api, f"/{resource}", searchString=word, **query)["next"]

    page = read(api, f"/{resource}", ids=[whole[0], whole[3]], cursor=cursor, **query)
    assert ids(page["items"]) == [whole[3]]


def test_the_books_of_an_author_and_of_a_tag_have_cursors_too(api: httpx.Client):
    author = make_author(api)
    books = [make_book(api, author_id=author["id"]) for _ in range(3)]
    tag = marker()
    for book in books:
        assert api.put(f"/books/{book['id']}/tags", json={"items": [tag]}).status_code == 200
    tag_id = read(api, "/tags", nameIn=tag)["items"][0]["id"]
    for path in (f"/authors/{author['id']}/books", f"/tags/{tag_id}/books"):
        first = read(api, path, pageSize=2, include="tags")
        second = read(api, path, pageSize=2, include="tags", cursor=first["next"])
        assert [row["id"] for row in (*first["items"], *second["items"])] == [book["id"] for book in books[::-1]]
        assert [item["name"] for item in second["items"][0]["tags"]] == [tag]
