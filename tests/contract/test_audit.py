"""`include=audit`: who created a row, and who changed it last."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import httpx
import pytest

from tests.contract.conftest import each_once
from tests.contract.making import NAMED_BY, Row, body_of, make, make_author, marker, new_id, read, refused
from tests.support import patient

REALM = 'Bearer realm="diptych"'
MEMBERS = {"principal", "name", "via", "at", "request_id"}


@pytest.fixture(params=sorted(NAMED_BY))
def resource(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def addresses(resource: str, row: Row) -> list[str]:
    """Return the addresses of a row, or of a list with this row alone."""
    slugs = [f"/{resource}/slug/{row['slug']}"] if "slug" in row else []
    return [f"/{resource}/{row['id']}", *slugs, f"/{resource}?ids={row['id']}"]


def with_audit(address: str) -> str:
    return f"{address}{'&' if '?' in address else '?'}include=audit"


def one(api: httpx.Client, address: str) -> Row:
    """GET an address, and return the only row of the answer."""
    response = api.get(address)
    assert response.status_code == 200, response.text
    [row] = response.json().get("items", [response.json()])
    return row  # type: ignore[no-any-return]


def test_every_resource_tells_who_created_a_row_and_who_changed_it_last(
    api: httpx.Client, administrator: httpx.Client, resource: str
):
    me = read(administrator, "/me")
    created, changed = marker(), marker()
    body = body_of(api, resource)
    row = api.post(f"/{resource}", json=body, headers={"X-Request-ID": created}).json()
    path = f"/{resource}/{row['id']}"
    administrator.patch(path, json={NAMED_BY[resource]: marker()})
    row = administrator.patch(path, json={NAMED_BY[resource]: marker()}, headers={"X-Request-ID": changed}).json()

    for address in addresses(resource, row):
        found = one(administrator, with_audit(address))

        by = [found.pop("created_by"), found.pop("updated_by")]
        assert found == row == one(administrator, address)
        assert [each.keys() for each in by] == [MEMBERS, MEMBERS]
        for each in by:
            assert abs(datetime.fromisoformat(each.pop("at")) - datetime.now(UTC)) < timedelta(hours=1)
        nobody = {"principal": None, "name": None, "via": "anonymous"}
        assert by == [
            {**nobody, "request_id": created},
            {"principal": me["id"], "name": me["name"], "via": "token", "request_id": changed},
        ]


def test_what_belongs_to_a_book_comes_with_its_audit(api: httpx.Client, administrator: httpx.Client):
    first, second = make(api, "books"), make(api, "books")
    [tag] = administrator.put(f"/books/{first['id']}/tags", json={"items": [marker()]}).json()["items"]

    listed = read(administrator, "/books", ids=[first["id"], second["id"]], include="tags,audit", sortOrder="asc")

    assert [each["tags"] for each in listed["items"]] == [[tag], []]
    # A new tag of a book is a change of the book.
    assert [each["updated_by"]["via"] for each in listed["items"]] == ["token", "anonymous"]
    assert read(administrator, f"/books/{first['id']}", include=["audit", "tags"]) == listed["items"][0]


def test_a_representation_with_audit_has_a_tag_of_its_own(api: httpx.Client, administrator: httpx.Client):
    author = make_author(api)
    for address in addresses("authors", author):
        plain, audited = administrator.get(address), administrator.get(with_audit(address))

        assert plain.headers["ETag"] != audited.headers["ETag"]
        assert audited.headers["Cache-Control"] == "private, no-cache"
        for tag, status in ((audited.headers["ETag"], 304), (plain.headers["ETag"], 200)):
            again = administrator.get(with_audit(address), headers={"If-None-Match": tag})
            assert again.status_code == status
        again = administrator.get(address, headers={"If-None-Match": plain.headers["ETag"]})
        assert again.status_code == 304


def test_the_tag_changes_when_a_row_is_what_it_was_but_for_its_audit(api: httpx.Client, administrator: httpx.Client):
    author = make_author(api)
    path = f"/authors/{author['id']}"
    names = f"{path}/names"
    first = administrator.get(with_audit(path))

    administrator.put(names, json={"items": [marker()]})
    second = administrator.get(with_audit(path), headers={"If-None-Match": first.headers["ETag"]})

    assert second.status_code == 200
    assert (first.json()["updated_by"]["via"], second.json()["updated_by"]["via"]) == ("anonymous", "token")


def test_an_answer_without_it_is_the_same_for_everybody(api: httpx.Client, administrator: httpx.Client, resource: str):
    row = make(api, resource)
    for address in addresses(resource, row):
        assert api.get(address).content == administrator.get(address).content
        assert api.get(address).headers["ETag"] == administrator.get(address).headers["ETag"]


def test_it_needs_the_permission_to_read_the_history(
    api: httpx.Client, administrator: httpx.Client, url: str, resource: str
):
    row = make(api, resource)
    token = administrator.post("/tokens", json={"label": "Test", "scope": "catalogue:read"}).json()["token"]
    for address in addresses(resource, row):
        nobody = api.get(with_audit(address), headers={"If-None-Match": "*"})
        assert refused(nobody, 401)["type"].endswith("/problems/unauthorized")
        assert nobody.headers["WWW-Authenticate"] == REALM
        reader = patient.get(f"{url}{with_audit(address)}", headers={"Authorization": f"Bearer {token}"})
        assert refused(reader, 403)["type"].endswith("/problems/forbidden")
        assert reader.headers["WWW-Authenticate"] == f'{REALM}, error="insufficient_scope", scope="history:read"'
        assert api.head(with_audit(address)).status_code == 401


@each_once
def test_the_permission_is_complained_of_after_the_query_and_before_the_row(
    api: httpx.Client, administrator: httpx.Client
):
    path = f"/books/{new_id()}"

    refused(api.get(f"{path}?include=audit&x=1"), 422, "x")
    refused(api.get("/books?include=audit,x"), 422, "include")
    refused(api.get("/authors?include=tags"), 422, "include")
    refused(api.get(f"{path}?include=audit"), 401)
    refused(administrator.get(f"{path}?include=audit"), 404)
    assert administrator.get(f"/books?include=audit&ids={new_id()}").json()["items"] == []


@each_once
def test_other_formats_streams_and_other_lists_do_not_take_it(api: httpx.Client, administrator: httpx.Client):
    book = make(api, "books")
    for address in (
        f"/books/{book['id']}.bib",
        f"/books.csv?ids={book['id']}",
        f"/books.jsonl?ids={book['id']}",
        f"/authors/{book['author_id']}/books",
        f"/books/{book['id']}/tags",
        "/accounts",
    ):
        refused(administrator.get(with_audit(address)), 422, "include")
