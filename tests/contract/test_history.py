"""The history of the catalogue, and that of one row."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import httpx
import pytest

from tests.contract.conftest import each_once
from tests.contract.making import RESOURCES, body_of, make, make_author, marker, new_id

Row = dict[str, Any]
NOBODY = new_id()


def read(api: httpx.Client, path: str) -> Row:
    response = api.get(path)
    assert response.status_code == 200, response.text
    return response.json()  # type: ignore[no-any-return]


def with_moment(row: Row | None) -> Any:
    """Return a recorded row with the moment of its creation, which databases write in different ways."""
    return row and row | {"created_at": datetime.fromisoformat(row["created_at"])}


def test_the_changes_of_a_row_are_listed_newest_first_also_when_it_is_gone(
    api: httpx.Client, administrator: httpx.Client
):
    made = api.post("/authors", json={"name": "Homer"}, headers={"X-Request-ID": "made"}).json()
    path = f"/authors/{made['id']}"
    api.patch(path, json={"name": "Virgil"}, headers={"X-Request-ID": "renamed"})
    assert api.delete(path, headers={"X-Request-ID": "gone"}).status_code == 204

    page = read(administrator, f"{path}/changes")

    gone, renamed, first = page["items"]
    row = {name: made[name] for name in ("id", "name", "dob", "kind", "sort_name", "birth_year", "death_year", "slug")}
    row["created_at"] = datetime.fromisoformat(made["created_at"])
    assert [
        (each["action"], *map(with_moment, (each["before"], each["after"]))) for each in (first, renamed, gone)
    ] == [
        ("create", None, row),
        ("update", row, row | {"name": "Virgil"}),
        ("delete", row | {"name": "Virgil"}, None),
    ]
    assert [each["request_id"] for each in page["items"]] == ["gone", "renamed", "made"]
    for each in page["items"]:
        assert (each["resource"], each["resource_id"], each["via"]) == ("authors", made["id"], "anonymous")
        assert each["principal"] is each["name"] is None
    assert first["at"] <= renamed["at"] <= gone["at"]
    assert (page["limit"], page["offset"], page["total"], page["next"], page["previous"]) == (20, 0, 3, None, None)


@pytest.mark.parametrize("resource", [*RESOURCES, "publishers", "series"])
def test_every_resource_has_its_history(api: httpx.Client, administrator: httpx.Client, resource: str):
    row = api.post(f"/{resource}", json=body_of(api, resource)).json()

    [change] = read(administrator, f"/{resource}/{row['id']}/changes")["items"]

    assert (change["resource"], change["resource_id"], change["action"]) == (resource, row["id"], "create")
    assert with_moment(change["after"]).items() <= with_moment(row).items()
    assert administrator.get(f"/{resource}/{NOBODY}/changes").status_code == 404


def test_what_belongs_to_a_book_is_in_its_history(api: httpx.Client, administrator: httpx.Client):
    book = make(api, "books")
    [tag] = api.put(f"/books/{book['id']}/tags", json={"items": [marker()]}).json()["items"]
    api.put(f"/books/{book['id']}/tags", json={"items": []})

    gone, came, _ = read(administrator, f"/books/{book['id']}/changes")["items"]

    rows = {"tags": [{"tag_id": tag["id"]}]}
    assert (came["action"], came["before"], came["after"]) == ("update", {"tags": []}, rows)
    assert (gone["action"], gone["before"], gone["after"]) == ("update", rows, {"tags": []})


def _some(api: httpx.Client, administrator: httpx.Client) -> tuple[str, list[Row]]:
    """Make an author with five changes, each of its own request; return its id, and the changes."""
    author = make_author(api)
    for number in range(4):
        api.patch(f"/authors/{author['id']}", json={"name": f"Homer {number}"})
    return author["id"], read(administrator, f"/authors/{author['id']}/changes")["items"]


def test_changes_are_read_in_pages_either_way(api: httpx.Client, administrator: httpx.Client):
    author, items = _some(api, administrator)
    path = f"/authors/{author}/changes"

    pages = [read(administrator, f"{path}?pageSize=2")]
    while cursor := pages[-1]["next"]:
        pages.append(read(administrator, f"{path}?pageSize=2&cursor={cursor}"))
    back = read(administrator, f"{path}?pageSize=2&cursor={pages[-1]['previous']}")

    assert [each for page in pages for each in page["items"]] == items
    assert [page["total"] for page in pages] == [5, 5, 5]
    assert back["items"] == pages[1]["items"]
    assert read(administrator, f"{path}?pageSize=2&currentPage=2")["items"] == pages[1]["items"]
    assert read(administrator, f"{path}?sortOrder=asc")["items"] == items[::-1]
    assert read(administrator, f"{path}?total=false")["total"] is None


def test_changes_are_selected_by_who_when_and_how(api: httpx.Client, administrator: httpx.Client):
    author, items = _some(api, administrator)
    path = f"/authors/{author}/changes"

    def found(query: str) -> list[Row]:
        page = read(administrator, f"{path}?{query}")
        assert page["total"] == len(page["items"])
        items: list[Row] = page["items"]
        return items

    assert found("viaIn=anonymous&viaIn=unknown") == items
    assert found("viaIn=import") == []
    assert found("actionIn=create") == items[-1:]
    assert found("actionIn=delete") == []
    assert found("principalIn=ann") == []
    assert found(f"requestIdIn={items[1]['request_id']}") == items[1:2]
    assert found(f"createdAfter={items[2]['at']}") == items[:2]
    assert found(f"createdBefore={items[2]['at']}") == items[3:]


def test_the_history_of_all_has_the_changes_of_each(api: httpx.Client, administrator: httpx.Client):
    book = make(api, "books")
    request_id = marker()
    api.put(f"/books/{book['id']}/tags", json={"items": [marker(), marker()]}, headers={"X-Request-ID": request_id})

    both = read(administrator, f"/changes?requestIdIn={request_id}")["items"]

    assert [each["resource"] for each in both[-2:]] == ["tags", "tags"]
    assert {each["resource_id"] for each in both[:-2]} == {book["id"]}
    assert read(administrator, f"/changes?requestIdIn={request_id}&resourceIn=tags")["items"] == both[-2:]
    assert read(administrator, f"/changes?requestIdIn={request_id}&resourceIn=tags&resourceIn=books")["total"] == len(
        both
    )
    assert both[0] in read(administrator, "/changes?pageSize=1000&total=false")["items"]


def test_all_changes_are_read_in_pages_by_time(api: httpx.Client, administrator: httpx.Client):
    request_id = marker()
    items = [{"name": marker()} for _ in range(5)]
    api.post("/tags/batch", json={"items": items}, headers={"X-Request-ID": request_id})
    path = f"/changes?pageSize=2&requestIdIn={request_id}"

    pages = [read(administrator, path)]
    while cursor := pages[-1]["next"]:
        pages.append(read(administrator, f"{path}&cursor={cursor}"))
    back = read(administrator, f"{path}&cursor={pages[-1]['previous']}")

    found = [each for page in pages for each in page["items"]]
    assert [len(page["items"]) for page in pages] == [2, 2, 1]
    assert {each["after"]["name"] for each in found} == {each["name"] for each in items}
    assert found == sorted(found, key=lambda each: (each["at"], each["id"]), reverse=True)
    assert back["items"] == pages[1]["items"]


@each_once
def test_what_cannot_be_asked_of_changes_is_refused(api: httpx.Client, administrator: httpx.Client):
    author, _ = _some(api, administrator)
    of_rows = read(administrator, "/authors?pageSize=1")["next"]
    of_changes = read(administrator, f"/authors/{author}/changes?pageSize=1")["next"]
    for query, parameter in (
        ("orderBy=at", "orderBy"),
        ("q=homer", "q"),
        ("viaIn=telephone", "viaIn"),
        ("resourceIn=copies", "resourceIn"),
        ("createdAfter=yesterday", "createdAfter"),
        ("principalIn=%00", "principalIn"),
        (f"cursor={of_rows}", "cursor"),
    ):
        refused = administrator.get(f"/changes?{query}")
        assert (refused.status_code, refused.json()["errors"][0]["parameter"]) == (422, parameter)
    assert api.get(f"/authors?cursor={of_changes}&orderBy=id").status_code == 422


def test_a_change_names_the_account_that_made_it(administrator: httpx.Client):
    me = administrator.get("/me").json()
    made = administrator.post("/tags", json={"name": marker()}).json()

    [change] = read(administrator, f"/tags/{made['id']}/changes")["items"]

    assert (change["via"], change["principal"], change["name"]) == ("token", me["id"], me["name"])
    assert read(administrator, f"/tags/{made['id']}/changes?principalIn={me['id']}")["items"] == [change]


def test_only_administrators_read_the_history(api: httpx.Client):
    author = make_author(api)
    for path in ("/changes", f"/authors/{author['id']}/changes", f"/authors/{NOBODY}/changes"):
        assert api.get(path).status_code == 401
