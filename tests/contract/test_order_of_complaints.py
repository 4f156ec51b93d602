"""The order in which errors are reported: 404 route, 405, 413, 415, 400, 422, 404 row, 409."""

from __future__ import annotations

import json

import httpx
import pytest

from tests.contract.conftest import each_once
from tests.contract.making import LIMIT, make, make_author, new_id, read, refused, send

pytestmark = each_once

FAULTS = ["route", "method", "size", "media type", "text", "meaning", "row", "conflict"]
STATUS = dict(zip(FAULTS, (404, 405, 413, 415, 400, 422, 404, 409), strict=True))
POSSIBLE = [
    (first, second)
    for place, first in enumerate(FAULTS)
    for second in FAULTS[place + 1 :]
    if (first, second) != ("row", "conflict")  # needs a batch: below
]


@pytest.mark.parametrize(("first", "second"), POSSIBLE, ids=lambda fault: fault.replace(" ", "-"))
def test_of_two_faults_the_first_in_order_is_complained_of(api: httpx.Client, first: str, second: str):
    faults = {first, second}
    author, tag, taken = make_author(api), make(api, "tags"), make(api, "tags")
    resource, row = ("tags", tag) if "conflict" in faults else ("authors", author)
    path = f"/nowhere/{row['id']}" if "route" in faults else f"/{resource}/{new_id() if 'row' in faults else row['id']}"
    value = 5 if "meaning" in faults else taken["name"]
    body = json.dumps({"name": value}).encode()
    if "text" in faults:
        body = body[:-1]
    if "size" in faults:
        body += b" " * LIMIT

    response = send(
        api,
        "POST" if "method" in faults else "PATCH",
        path,
        body,
        "text/plain" if "media type" in faults else "application/json",
    )

    refused(response, STATUS[first])
    assert read(api, f"/{resource}/{row['id']}") == row


def test_an_id_that_cannot_be_one_is_complained_of_before_the_method(api: httpx.Client):
    refused(api.post("/authors/nobody", json={}), 404)


def test_the_text_of_the_body_is_complained_of_before_its_meaning_and_the_query(api: httpx.Client):
    refused(send(api, "POST", "/authors?x=1", b'{"name": 5, "name": 6}'), 400)


def test_the_meaning_of_the_request_is_complained_of_before_the_row(api: httpx.Client):
    book_id = new_id()

    refused(api.patch(f"/books/{book_id}", json={"year": 5000}), 422, "/year")
    refused(api.get(f"/books/{book_id}", params={"include": "x"}), 422, "include")
    refused(api.get(f"/authors/{new_id()}/books", params={"pageSize": 0}), 422, "pageSize")
    refused(api.put(f"/books/{book_id}/tags", json={"items": [5]}), 422, "/items/0")

    refused(api.get(f"/books/{book_id}"), 404)


def test_repeated_contributors_are_complained_of_before_the_row(api: httpx.Client):
    editor, path = make_author(api), f"/books/{new_id()}/contributors"
    item = {"author_id": editor["id"], "role": "editor"}

    refused(api.put(path, json={"items": [{**item, "role": "author"}, item, item]}), 422, "/items/2")

    refused(api.get(path), 404)


def test_a_row_that_is_not_there_is_complained_of_before_a_conflict(api: httpx.Client):
    tag = make(api, "tags")
    changes = [{"id": make(api, "tags")["id"], "name": tag["name"]}, {"id": new_id()}]

    refused(api.patch("/tags/batch", json={"items": changes}), 404, "/items/1/id")

    assert read(api, f"/tags/{tag['id']}") == tag
