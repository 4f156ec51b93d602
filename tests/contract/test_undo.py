"""Changes of the catalogue are undone over HTTP."""

from __future__ import annotations

from typing import Any

import httpx

from tests.contract.conftest import each_once
from tests.contract.making import make, make_author, make_book, marker, read


def undo(client: httpx.Client, **what: Any) -> httpx.Response:
    return client.post("/changes/undo", json=what)


def test_a_merge_of_authors_is_undone_as_a_whole_and_can_be_done_again(api: httpx.Client, administrator: httpx.Client):
    kept, merged = make_author(api), make_author(api, dob="1914-08-09")
    book = make_book(api, author_id=merged["id"])
    merge = api.post(f"/authors/{kept['id']}/merge", json={"ids": [merged["id"]]})
    assert (merge.status_code, read(api, f"/books/{book['id']}")["author"]["id"]) == (200, kept["id"])

    response = undo(administrator, request_id=merge.headers["X-Request-ID"])

    assert response.status_code == 200, response.text
    rows = {(each["resource"], each["resource_id"]): each["action"] for each in response.json()["items"]}
    assert rows == {
        ("authors", merged["id"]): "create",
        ("authors", kept["id"]): "update",
        ("books", book["id"]): "update",
    }
    assert read(api, f"/authors/{merged['id']}") == merged | {
        "updated_at": read(api, f"/authors/{merged['id']}")["updated_at"]
    }
    assert read(api, f"/books/{book['id']}")["author"]["id"] == merged["id"]
    assert read(api, f"/authors/{kept['id']}/names") == {"items": []}
    assert undo(administrator, request_id=response.headers["X-Request-ID"]).status_code == 200
    assert api.get(f"/authors/{merged['id']}").status_code == 404
    assert read(api, f"/books/{book['id']}")["author"]["id"] == kept["id"]


def test_a_deleted_book_comes_back_with_all_that_belonged_to_it(api: httpx.Client, administrator: httpx.Client):
    book = make(api, "books")
    tags = api.put(f"/books/{book['id']}/tags", json={"items": [marker(), marker()]}).json()
    gone = api.delete(f"/books/{book['id']}")

    assert undo(administrator, request_id=gone.headers["X-Request-ID"]).status_code == 200

    again = read(api, f"/books/{book['id']}")
    assert {**again, "updated_at": None} == {**book, "updated_at": None}
    assert read(api, f"/books/{book['id']}/tags") == tags
    assert read(api, f"/books/slug/{book['slug']}") == again


def test_an_undo_is_refused_where_a_later_change_stands_in_the_way(api: httpx.Client, administrator: httpx.Client):
    author = make_author(api)
    first = api.patch(f"/authors/{author['id']}", json={"name": "Virgil"})
    api.patch(f"/authors/{author['id']}", json={"name": "Vergil"})

    refused = undo(administrator, request_id=first.headers["X-Request-ID"])

    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/conflict")
    assert refused.json()["errors"] == [
        {"pointer": "", "code": "changed_later", "detail": f"author {author['id']}: name was changed later"}
    ]
    assert read(api, f"/authors/{author['id']}")["name"] == "Vergil"


@each_once
def test_only_editors_with_an_account_undo(api: httpx.Client, administrator: httpx.Client):
    refused = undo(api, request_id="never")
    assert (refused.status_code, undo(administrator, request_id="never").status_code) == (401, 404)
    account = administrator.post("/accounts", json={"name": marker(), "role": "editor"}).json()
    for scope, status in (("history:undo", 404), ("catalogue:write", 403)):
        body = {"label": "x", "account_id": account["id"], "scope": scope}
        token = administrator.post("/tokens", json=body).json()["token"]
        headers = {"Authorization": f"Bearer {token}"}
        response = api.post("/changes/undo", json={"request_id": "never"}, headers=headers)
        assert response.status_code == status
