"""Media types, content codings and related headers."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator

import brotli
import httpx
import pytest
import zstandard

from tests.contract.conftest import each_once
from tests.contract.making import (
    LIMIT,
    body_of,
    found,
    make,
    marker,
    new_id,
    read,
    refused,
    send,
)

pytestmark = each_once

MERGE_PATCH = "application/merge-patch+json"

DECODERS = {
    "gzip": gzip.decompress,
    "br": brotli.decompress,
    # The frames contain their decompressed size.
    "zstd": zstandard.decompress,
}

# Responses


@pytest.fixture(scope="module")
def long(api: httpx.Client) -> Iterator[str]:
    """Yield the path of a book whose representation is large enough to be compressed."""
    book = api.post("/books", json={**body_of(api, "books"), "description": "All happy families are alike. " * 100})
    yield f"/books/{book.json()['id']}"
    api.delete(f"/books/{book.json()['id']}")


def raw(api: httpx.Client, path: str, **headers: str) -> tuple[httpx.Response, bytes]:
    """Return a response and its body as received, without decoding."""
    with api.stream("GET", path, headers=headers) as response:
        return response, b"".join(response.iter_raw())


@pytest.mark.parametrize("coding", DECODERS)
def test_an_answer_is_compressed_as_asked(api: httpx.Client, long: str, coding: str):
    plain, identity = raw(api, long, **{"Accept-Encoding": "identity"})
    coded, body = raw(api, long, **{"Accept-Encoding": coding})

    assert "Content-Encoding" not in plain.headers
    assert coded.headers["Content-Encoding"] == coding
    assert DECODERS[coding](body) == identity
    assert len(body) < len(identity) / 4
    assert int(coded.headers["Content-Length"]) == len(body)
    assert plain.headers["Vary"] == coded.headers["Vary"] == "Accept-Encoding"
    assert plain.headers["ETag"] != coded.headers["ETag"]


@pytest.mark.parametrize("coding", [*DECODERS, "identity"])
def test_each_coding_has_a_304_of_its_own(api: httpx.Client, long: str, coding: str):
    first, _ = raw(api, long, **{"Accept-Encoding": coding})

    again, body = raw(api, long, **{"Accept-Encoding": coding, "If-None-Match": first.headers["ETag"]})

    assert (again.status_code, body) == (304, b"")


def test_a_short_answer_is_not_worth_it(api: httpx.Client):
    response, _ = raw(api, f"/tags/{make(api, 'tags')['id']}", **{"Accept-Encoding": "gzip, br, zstd"})

    assert "Content-Encoding" not in response.headers


def test_what_a_client_refuses_is_not_sent(api: httpx.Client, long: str):
    response, body = raw(api, long, **{"Accept-Encoding": "gzip;q=0, br;q=0.1, *;q=0"})

    assert response.headers["Content-Encoding"] == "br"
    assert json.loads(brotli.decompress(body))["id"] in long


@pytest.mark.parametrize("accept", ["text/html", "application/xml", "garbage", "*/*;q=0", "application/json", ""])
@pytest.mark.parametrize("path", ["/tags", "/nothing", "/tags?x=1", "/tags/nobody"])
def test_answers_are_json_whatever_accept_says(api: httpx.Client, path: str, accept: str):
    response = api.get(path, headers={"Accept": accept})

    assert response.headers["Content-Type"] in ("application/json", "application/problem+json")
    assert response.status_code in (200, 404, 422)
    response.json()


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/tags"),
        ("GET", "/nothing"),
        ("PUT", "/tags"),
        ("OPTIONS", "/tags"),
        ("POST", "/tags"),
        ("HEAD", "/tags"),
    ],
)
def test_every_answer_forbids_what_a_browser_might_make_of_it(api: httpx.Client, method: str, path: str):
    headers = api.request(method, path).headers

    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Security-Policy"] == (
        "default-src 'none'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'"
    )
    assert headers["Referrer-Policy"] == "no-referrer"


def test_no_origin_may_read_answers_unless_a_setting_says_so(api: httpx.Client):
    asked = {"Origin": "https://a.example", "Access-Control-Request-Method": "GET"}

    for response in (api.get("/tags", headers=asked), api.options("/tags", headers=asked)):
        assert not [name for name in response.headers if name.lower().startswith("access-control-")]


# Requests


@pytest.mark.parametrize("path", ["/authors", "/authors/batch"])
def test_options_says_which_media_types_can_be_posted_and_patched(api: httpx.Client, path: str):
    assert api.options(path).headers["Accept-Post"] == "application/json"


def test_options_says_that_a_patch_may_be_a_merge_patch(api: httpx.Client):
    assert (
        api.options(f"/authors/{new_id()}").headers["Accept-Patch"] == "application/json, application/merge-patch+json"
    )


@pytest.mark.parametrize("media_type", ["application/json", "application/merge-patch+json", "application/x+json"])
def test_a_patch_is_json_or_a_merge_patch(api: httpx.Client, media_type: str):
    author, name = make(api, "authors"), f"Author {marker()}"

    changed = send(api, "PATCH", f"/authors/{author['id']}", {"name": name, "dob": None}, media_type)

    assert (changed.json()["name"], changed.json()["dob"]) == (name, None)
    assert read(api, f"/authors/{author['id']}") == changed.json()


@pytest.mark.parametrize(
    ("method", "path", "media_type", "told"),
    [
        ("POST", "/authors", "application/merge-patch+json", ("Accept-Post", "application/json")),
        ("POST", "/authors", "application/json; charset=latin-1", ("Accept-Post", "application/json")),
        ("PUT", "/authors/{id}", "text/plain", ("Accept", "application/json")),
        ("PATCH", "/authors/{id}", "application/json-patch+json", ("Accept-Patch", f"application/json, {MERGE_PATCH}")),
        ("PATCH", "/authors/batch", MERGE_PATCH, ("Accept-Patch", "application/json")),
    ],
)
def test_another_media_type_is_refused_with_those_that_will_do(
    api: httpx.Client, method: str, path: str, media_type: str, told: tuple[str, str]
):
    author = make(api, "authors")

    response = send(api, method, path.format(id=author["id"]), {"name": marker()}, media_type)

    refused(response, 415)
    assert response.headers[told[0]] == told[1]
    assert read(api, f"/authors/{author['id']}") == author


def packed(api: httpx.Client, body: bytes, coding: str = "gzip") -> httpx.Response:
    headers = {"Content-Type": "application/json", "Content-Encoding": coding}
    return api.post("/authors", content=body, headers=headers)


def test_a_body_in_gzip_is_read(api: httpx.Client):
    word = marker()

    assert packed(api, gzip.compress(json.dumps({"name": word}).encode())).status_code == 201

    assert [row["name"] for row in found(api, "authors", word)] == [word]


def test_a_body_in_another_coding_is_refused_with_the_one_that_will_do(api: httpx.Client):
    word = marker()

    response = packed(api, brotli.compress(json.dumps({"name": word}).encode()), "br")

    refused(response, 415)
    assert response.headers["Accept-Encoding"] == "gzip"
    assert found(api, "authors", word) == []


def test_a_body_that_is_not_what_it_says_is_a_400(api: httpx.Client):
    word = marker()
    whole = gzip.compress(json.dumps({"name": word}).encode())

    for body in (json.dumps({"name": word}).encode(), whole[:-4], whole + b"\0"):
        refused(packed(api, body), 400)

    assert found(api, "authors", word) == []


def test_a_bomb_is_a_413(api: httpx.Client):
    bomb = gzip.compress(b" " * (8 * LIMIT))
    assert len(bomb) < LIMIT

    refused(packed(api, bomb), 413)


def test_a_body_of_gzip_members_without_end_is_refused_at_once(api: httpx.Client):
    nothing = gzip.compress(b"")

    refused(packed(api, nothing * (LIMIT // len(nothing))), 400)
