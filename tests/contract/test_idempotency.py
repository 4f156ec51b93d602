"""A POST with an Idempotency-Key is done once, however often it is sent."""

from __future__ import annotations

import gzip
import json
import uuid
from typing import Any

import httpx
import pytest

from tests.contract.making import RESOURCES, Row, at_once, body_of, found, make_tag, marker, read, refused, send

NAMED = {"authors": "name", "books": "title", "tags": "name"}


def new_key() -> str:
    return str(uuid.uuid4())


def post(api: httpx.Client, path: str, body: Any, key: str | None, **headers: str) -> httpx.Response:
    keyed = {} if key is None else {"Idempotency-Key": key}
    return api.post(path, json=body, headers=keyed | {name.replace("_", "-"): text for name, text in headers.items()})


def same(first: httpx.Response, second: httpx.Response) -> None:
    """Check that two responses are the same, except for Date."""
    assert first.is_success, first.text
    assert second.status_code == first.status_code
    assert second.content == first.content
    own = {"date": "", "x-request-id": ""}
    assert {**second.headers, **own} == {**first.headers, **own}


def of_word(resource: str, body: Row) -> str:
    """Return the unique word in a body's name."""
    return str(body[NAMED[resource]]).rpartition(" ")[2]


@pytest.mark.parametrize("resource", RESOURCES)
def test_a_request_that_is_sent_again_is_answered_as_before_and_not_done_again(api: httpx.Client, resource: str):
    body, key = body_of(api, resource), new_key()

    first = post(api, f"/{resource}", body, key)
    second = post(api, f"/{resource}", body, key)

    same(first, second)
    assert first.headers["Location"] == f"/{resource}/{first.json()['id']}"
    assert found(api, resource, of_word(resource, body)) == [first.json()]


@pytest.mark.parametrize("resource", RESOURCES)
def test_a_batch_that_is_sent_again_is_answered_as_before_and_not_done_again(api: httpx.Client, resource: str):
    word, key = marker(), new_key()
    items = [body_of(api, resource) | {NAMED[resource]: f"{word} {number}"} for number in range(3)]

    first = post(api, f"/{resource}/batch", {"items": items}, key)
    second = post(api, f"/{resource}/batch", {"items": items}, key)

    same(first, second)
    assert len(found(api, resource, word)) == 3


def test_without_a_key_everything_is_done_as_often_as_it_is_sent(api: httpx.Client):
    body = {"name": marker()}

    assert post(api, "/authors", body, None).json()["id"] != post(api, "/authors", body, None).json()["id"]

    assert len(found(api, "authors", body["name"])) == 2


def test_each_key_is_a_request_of_its_own(api: httpx.Client):
    body = {"name": marker()}

    for key in ("a", "A", "a ", "b"):
        assert post(api, "/authors", body, f'"{key}-{body["name"]}"').status_code == 201

    assert len(found(api, "authors", body["name"])) == 4


def test_the_first_answer_stays_whatever_becomes_of_the_row(api: httpx.Client):
    body, key = {"name": marker()}, new_key()
    first = post(api, "/tags", body, key)
    path = first.headers["Location"]

    assert api.patch(path, json={"description": "changed"}).status_code == 200
    same(first, post(api, "/tags", body, key))
    assert read(api, path)["description"] == "changed"

    assert api.delete(path).status_code == 204
    same(first, post(api, "/tags", body, key))
    assert api.get(path).status_code == 404


def test_the_answer_comes_in_the_coding_that_is_asked_for_each_time(api: httpx.Client):
    body, key = {"items": [{"name": f"{marker()} {number}"} for number in range(20)]}, new_key()

    answers = {
        coding: post(api, "/tags/batch", body, key, Accept_Encoding=coding) for coding in ("br", "gzip", "identity")
    }

    assert {coding: answer.headers.get("Content-Encoding") for coding, answer in answers.items()} == {
        "br": "br",
        "gzip": "gzip",
        "identity": None,
    }
    assert len({answer.content for answer in answers.values()}) == 1


def test_a_key_with_and_without_quotes_is_one(api: httpx.Client):
    body, key = {"name": marker()}, new_key()

    same(post(api, "/tags", body, f'"{key}"'), post(api, "/tags", body, key))


def test_a_body_is_the_same_in_a_content_coding(api: httpx.Client):
    content, key = json.dumps({"name": marker()}).encode(), new_key()
    headers = {"Content-Type": "application/json", "Idempotency-Key": key}

    first = api.post("/tags", content=content, headers=headers)
    second = api.post("/tags", content=gzip.compress(content), headers={**headers, "Content-Encoding": "gzip"})

    same(first, second)


@pytest.mark.parametrize("what", ["body", "path", "query", "spelling"])
def test_a_key_that_came_with_another_request_is_refused(api: httpx.Client, what: str):
    word, other, key = marker(), marker(), new_key()
    first = post(api, "/tags", {"name": word}, key)
    paths = {"path": "/authors"}
    body = {"body": b'{"name": "%b"}' % other.encode(), "spelling": b'{"name" :"%b"}' % word.encode()}

    again = api.post(
        paths.get(what, "/tags"),
        content=body.get(what, first.request.content),
        headers={"Content-Type": "application/json", "Idempotency-Key": key},
        params={"a": "b"} if what == "query" else {},
    )

    problem = refused(again, 422)
    if what != "query":  # refused before a key is looked up
        assert problem["type"] == "/problems/key-reused"
    assert found(api, "tags", other) == found(api, "authors", word) == []
    same(first, post(api, "/tags", {"name": word}, key))


@pytest.mark.parametrize(
    "field",
    [
        "", '""', '"', '"a', 'a"', '"a"b"', '"a" "b"', '"a", "b"', "a b", "a, b", '"a\\b"', '"a\\', '"a";p=1', "a;b",
        "a\\b", "?1,", "(a)", "é", '"é"', "\x80", "a\tb", '"a\tb"', "x" * 256, f'"{"x" * 256}"',
    ],
)  # fmt: skip
def test_a_key_that_cannot_be_read_is_refused(api: httpx.Client, field: str):
    word = marker()
    headers = [(b"Idempotency-Key", field.encode("latin-1"))]

    assert refused(api.post("/tags", json={"name": word}, headers=headers), 400)["type"] == "/problems/malformed"

    assert found(api, "tags", word) == []


def test_two_keys_are_none(api: httpx.Client):
    headers = [("Idempotency-Key", new_key()), ("Idempotency-Key", new_key())]

    refused(api.post("/tags", json={"name": marker()}, headers=headers), 400)


@pytest.mark.parametrize("key", ["x" * 219, '"' + "\\\\" * 219 + '"', "1", "~!@#$%^&*_+-='|./:", '" (),;<>?[]{}"'])
def test_a_key_is_any_printable_ascii(api: httpx.Client, key: str):
    own = marker() + "x" * 3
    key = f'"{own}{key[1:]}' if key.startswith('"') else own + key
    body = {"name": marker()}

    same(post(api, "/tags", body, key), post(api, "/tags", body, key))


def test_a_request_that_failed_may_be_sent_again_with_its_key(api: httpx.Client):
    taken, key = make_tag(api)["name"], new_key()

    refused(post(api, "/tags", {"name": taken}, key), 409)
    refused(post(api, "/tags", {"name": taken}, key), 409)
    refused(post(api, "/tags", {"name": ""}, key), 422)
    body = {"name": marker()}

    same(post(api, "/tags", body, key), post(api, "/tags", body, key))
    assert len(found(api, "tags", body["name"])) == 1


def test_a_request_that_failed_is_done_when_it_is_sent_again_and_nothing_is_in_its_way(api: httpx.Client):
    row, key = make_tag(api), new_key()
    body = {"name": row["name"]}
    refused(post(api, "/tags", body, key), 409)
    assert api.delete(f"/tags/{row['id']}").status_code == 204

    first = post(api, "/tags", body, key)

    same(first, post(api, "/tags", body, key))
    assert found(api, "tags", row["name"]) == [first.json()]


def test_a_key_means_nothing_where_a_request_can_be_repeated_anyway(api: httpx.Client):
    row, key = make_tag(api), new_key()
    path, headers = f"/tags/{row['id']}", {"Idempotency-Key": key}

    for field in (key, '"', ""):
        headers = {"Idempotency-Key": field}
        for description in ("one", "two"):
            assert api.patch(path, json={"description": description}, headers=headers).status_code == 200
            assert api.put(path, json={"name": row["name"], "description": description}, headers=headers).is_success
            assert api.get(path, headers=headers).json()["description"] == description

    assert send(api, "OPTIONS", path, b"").status_code == 204
    same(post(api, "/tags", {"name": row["name"] + "x"}, key), post(api, "/tags", {"name": row["name"] + "x"}, key))


def test_of_many_at_once_one_is_done_and_all_get_its_answer_sooner_or_later(api: httpx.Client):
    body, key = {"name": marker()}, new_key()

    answers = at_once(api.base_url, [lambda client: post(client, "/tags", body, key)] * 8)

    for answer in answers:
        if answer.status_code != 201:
            assert refused(answer, 409)["type"] == "/problems/key-in-use"
            assert answer.headers["Retry-After"] == "1"
    last = post(api, "/tags", body, key)
    assert {answer.content for answer in answers if answer.is_success} == {last.content}
    assert found(api, "tags", body["name"]) == [last.json()]
