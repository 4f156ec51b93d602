"""If-Match and If-None-Match prevent lost updates."""

from __future__ import annotations

import httpx
import pytest

from tests.contract.making import (
    RESOURCES,
    Row,
    body_of,
    make,
    make_author,
    make_book,
    make_tag,
    marker,
    new_id,
    read,
    refused,
)

NAMED = {"authors": "name", "books": "title", "tags": "name"}


def made(api: httpx.Client, resource: str) -> tuple[str, str]:
    """Create a row, and return its path and its entity tag."""
    path = f"/{resource}/{make(api, resource)['id']}"
    return path, api.get(path).headers["ETag"]


def renamed(resource: str) -> Row:
    return {NAMED[resource]: f"Other {marker()}"}


@pytest.mark.parametrize("resource", RESOURCES)
@pytest.mark.parametrize("method", ["PATCH", "PUT", "DELETE"])
def test_a_change_of_what_was_read_is_made(api: httpx.Client, resource: str, method: str):
    path, tag = made(api, resource)
    body = {} if method == "DELETE" else {"json": {**body_of(api, resource), **renamed(resource)}}

    for field in ("{}", "*", '"x", {}', ', "x",, {} ,'):
        answer = api.request(method, path, headers={"If-Match": field.format(tag)}, **body)
        assert answer.status_code in (200, 204)
        if method == "DELETE":
            break
        tag = api.get(path).headers["ETag"]

    assert api.get(path).status_code == (404 if method == "DELETE" else 200)


@pytest.mark.parametrize("resource", RESOURCES)
@pytest.mark.parametrize("method", ["PATCH", "PUT", "DELETE"])
def test_a_change_of_a_row_that_another_client_has_changed_is_refused(api: httpx.Client, resource: str, method: str):
    path, old = made(api, resource)
    body = {} if method == "DELETE" else {"json": {**body_of(api, resource), **renamed(resource)}}
    assert api.patch(path, json=renamed(resource)).status_code == 200
    before = api.get(path)
    weak = f"W/{before.headers['ETag']}"

    for field in (old, '"x"', weak, before.headers["ETag"].strip('"'), f"{before.headers['ETag']};", ""):
        refused(api.request(method, path, headers={"If-Match": field}, **body), 412)

    assert api.get(path).content == before.content


@pytest.mark.parametrize("coding", ["gzip", "br", "zstd"])
def test_the_tag_of_any_coding_is_as_good(api: httpx.Client, coding: str):
    path = f"/books/{make_book(api, description='All happy families are alike. ' * 100)['id']}"
    tag = api.get(path, headers={"Accept-Encoding": coding}).headers["ETag"]
    assert tag.endswith(f'-{coding}"')

    assert api.patch(path, json={"year": 1878}, headers={"If-Match": tag}).status_code == 200
    refused(api.patch(path, json={"year": 1879}, headers={"If-Match": tag}), 412)


def test_the_tag_of_a_change_is_good_for_the_next(api: httpx.Client):
    path, tag = made(api, "books")

    for year in (1, 2, 3):
        answer = api.patch(path, json={"year": year}, headers={"If-Match": tag})
        assert answer.status_code == 200
        tag = answer.headers["ETag"]

    assert api.get(path).headers["ETag"] == tag


@pytest.mark.parametrize("what", ["tags", "contributors"])
def test_the_tags_and_contributors_of_a_book_can_be_set_as_they_were_read(api: httpx.Client, what: str):
    path, version = made(api, "books")
    tag = api.get(f"{path}/{what}").headers["ETag"]
    items = [marker()] if what == "tags" else [{"author_id": make_author(api)["id"], "role": "author"}]

    first = api.put(f"{path}/{what}", json={"items": items}, headers={"If-Match": tag})
    second = api.put(f"{path}/{what}", json={"items": items}, headers={"If-Match": tag})

    assert first.status_code == 200
    refused(second, 412)
    # Setting tags or contributors has changed the book.
    assert api.get(path).headers["ETag"] != version
    refused(api.patch(path, json={"year": 1}, headers={"If-Match": version}), 412)


@pytest.mark.parametrize("resource", RESOURCES)
def test_put_creates_and_does_not_replace_where_it_is_asked_to(api: httpx.Client, resource: str):
    path = f"/{resource}/{new_id()}"
    only_new = {"If-None-Match": "*"}

    assert api.put(path, json=body_of(api, resource), headers=only_new).status_code == 201
    before = api.get(path)
    refused(api.put(path, json=body_of(api, resource), headers=only_new), 412)

    assert api.get(path).content == before.content


def test_if_none_match_refuses_what_it_names_alone(api: httpx.Client):
    path, tag = made(api, "authors")

    refused(api.patch(path, json=renamed("authors"), headers={"If-None-Match": f'"x", W/{tag}'}), 412)
    assert api.patch(path, json=renamed("authors"), headers={"If-None-Match": '"x"'}).status_code == 200
    refused(api.delete(path, headers={"If-None-Match": "*"}), 412)
    assert api.get(path).status_code == 200


def test_what_is_not_there_cannot_be_as_it_was_read(api: httpx.Client):
    for resource in RESOURCES:
        path = f"/{resource}/{new_id()}"
        for field in ("*", '"x"'):
            refused(api.put(path, json=body_of(api, resource), headers={"If-Match": field}), 412)
            refused(api.patch(path, json=renamed(resource), headers={"If-Match": field}), 404)
            refused(api.delete(path, headers={"If-Match": field}), 404)
        assert api.get(path).status_code == 404
    refused(api.put(f"/books/{new_id()}/tags", json={"items": []}, headers={"If-Match": "*"}), 404)


@pytest.mark.parametrize("field", ["*", '"x"'])
def test_a_batch_has_no_tag_that_it_could_match(api: httpx.Client, field: str):
    row = make_tag(api)
    for method, body in [
        ("PATCH", {"items": [{"id": row["id"], "description": "x"}]}),
        ("PUT", {"items": [{"name": marker()}]}),
        ("DELETE", {"ids": [row["id"]]}),
    ]:
        refused(api.request(method, "/tags/batch", json=body, headers={"If-Match": field}), 412)
    assert read(api, f"/tags/{row['id']}") == row


def test_preconditions_mean_nothing_on_post(api: httpx.Client):
    for headers in ({"If-Match": '"x"'}, {"If-None-Match": "*"}):
        assert api.post("/tags", json={"name": marker()}, headers=headers).status_code == 201


def test_a_change_with_another_fault_is_refused_for_that(api: httpx.Client):
    path, _ = made(api, "books")
    stale = {"If-Match": '"x"'}

    refused(api.patch(path, json={"year": "x"}, headers=stale), 422)
    refused(api.patch(path, json={"author_id": new_id()}, headers=stale), 412)
