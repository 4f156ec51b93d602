"""Routes, methods, headers and the order of errors."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import httpx
import pytest

from tests.contract.conftest import each_once
from tests.contract.making import (
    LIMIT,
    RESOURCES,
    found,
    make,
    make_author,
    make_book,
    marker,
    new_id,
    read,
    refused,
    send,
)
from tests.support.waiting import PATIENCE

pytestmark = each_once

ID = "01a1fbd7-55dd-7561-861e-8d0bba31278f"

ALLOWED = {
    "/authors": "GET, HEAD, OPTIONS, POST",
    "/authors/batch": "DELETE, OPTIONS, PATCH, POST, PUT",
    f"/authors/{ID}": "DELETE, GET, HEAD, OPTIONS, PATCH, PUT",
    "/authors/slug/x": "GET, HEAD, OPTIONS",
    f"/authors/{ID}/books": "GET, HEAD, OPTIONS",
    "/books": "GET, HEAD, OPTIONS, POST",
    "/books/batch": "DELETE, OPTIONS, PATCH, POST, PUT",
    f"/books/{ID}": "DELETE, GET, HEAD, OPTIONS, PATCH, PUT",
    "/books/slug/x": "GET, HEAD, OPTIONS",
    f"/books/{ID}/tags": "GET, HEAD, OPTIONS, PUT",
    f"/books/{ID}/contributors": "GET, HEAD, OPTIONS, PUT",
    "/tags": "GET, HEAD, OPTIONS, POST",
    "/tags/batch": "DELETE, OPTIONS, PATCH, POST, PUT",
    f"/tags/{ID}": "DELETE, GET, HEAD, OPTIONS, PATCH, PUT",
    f"/tags/{ID}/books": "GET, HEAD, OPTIONS",
    "/health/live": "GET, HEAD, OPTIONS",
    "/health/ready": "GET, HEAD, OPTIONS",
}

NOWHERE = [
    "/nothing",
    "/authors/",
    "/Authors",
    "/authors/nobody",
    "/authors/1",
    f"/authors/{ID}/",
    f"/authors/{ID}x",
    "/authors/" + ID.replace("-", ""),
    f"/authors/%7B{ID}%7D",
    "/authors/%00",
    "/authors/%FF",
    "/authors/..%2F..%2Fetc%2Fpasswd",
    f"/authors/{ID}/tags",
    f"/authors/{ID}/books/{ID}",
    "/authors/nobody/books",
    "/authors/slug",
    "/authors/slug/",
    "/authors/slug/a/b",
    "/authors/batch/",
    "/books/slug",
    "/books/nobody/tags",
    "/books/nobody/contributors",
    f"/books/{ID}/authors",
    "/tags/slug",
    "/tags/slug/x",
    "/tags/nobody/books",
    "/health",
    "/health/",
    "/health/dead",
    "/%E9%9D%92",
]

everywhere = pytest.mark.parametrize("resource", RESOURCES)


@pytest.mark.parametrize(("path", "allowed"), ALLOWED.items())
def test_options_tells_the_methods_of_a_path(api: httpx.Client, path: str, allowed: str):
    response = api.options(path)

    assert response.status_code == 204
    assert response.content == b""
    assert response.headers["Allow"] == allowed


@pytest.mark.parametrize(("path", "allowed"), ALLOWED.items())
def test_a_method_a_path_does_not_have_is_a_405_that_tells_those_it_has(api: httpx.Client, path: str, allowed: str):
    for method in ("DELETE", "GET", "HEAD", "PATCH", "POST", "PUT"):
        response = api.request(method, path)
        if method in allowed.split(", "):
            assert response.status_code != 405
            assert "Allow" not in response.headers
        else:
            assert response.status_code == 405
            assert response.headers["Allow"] == allowed
            assert response.headers["Content-Type"] == "application/problem+json"
            assert response.content == b"" if method == "HEAD" else refused(response, 405)


@pytest.mark.parametrize(("path", "allowed"), ALLOWED.items())
def test_a_method_no_path_has_is_a_405_that_tells_those_this_one_has(api: httpx.Client, path: str, allowed: str):
    for method in ("TRACE", "PROPFIND"):
        response = api.request(method, path)
        refused(response, 405)
        assert response.headers["Allow"] == allowed


@pytest.mark.parametrize("path", NOWHERE)
def test_a_path_that_leads_nowhere_is_a_404_for_every_method(api: httpx.Client, path: str):
    for method in ("DELETE", "GET", "OPTIONS", "PATCH", "POST", "PUT", "PROPFIND"):
        refused(api.request(method, path), 404)


@pytest.mark.parametrize("path", NOWHERE)
def test_head_of_a_path_that_leads_nowhere_is_a_404_without_a_body(api: httpx.Client, path: str):
    response = api.head(path)

    assert response.status_code == 404
    assert response.content == b""
    assert response.headers["Content-Type"] == "application/problem+json"


def test_a_problem_tells_nothing_of_how_the_service_is_made(api: httpx.Client):
    book = make_book(api)
    for response in (
        api.get("/nothing"),
        api.get("/books/slug/%00"),
        api.get(f"/books/{new_id()}"),
        api.post("/books", json={"title": "\x00", "author_id": "'"}),
        api.delete(f"/authors/{book['author_id']}"),
        api.get("/books", params={"orderBy": "'"}),
    ):
        assert 400 <= response.status_code < 500
        refused(response, response.status_code)
        said = (response.text + str(response.headers.get("X-Powered-By"))).lower()
        assert not any(word in said for word in ("traceback", "sqlalchemy", "select ", "pydantic", "psycopg", "sqlite"))


@everywhere
def test_head_is_get_without_the_body(api: httpx.Client, resource: str):
    row = make(api, resource)

    for path in (
        f"/{resource}/{row['id']}",
        f"/{resource}?ids={row['id']}",
        f"/{resource}/{new_id()}",
        f"/{resource}?x=1",
    ):
        got, head = api.get(path), api.head(path)
        assert head.status_code == got.status_code
        assert head.content == b""
        assert head.headers["Content-Type"] == got.headers["Content-Type"]
        assert int(head.headers["Content-Length"]) == len(got.content)


@everywhere
def test_every_answer_tells_its_type_and_length(api: httpx.Client, resource: str):
    row = make(api, resource)

    for path, kind in (
        (f"/{resource}/{row['id']}", "application/json"),
        (f"/{resource}?ids={row['id']}", "application/json"),
        (f"/{resource}/{new_id()}", "application/problem+json"),
        ("/nothing", "application/problem+json"),
    ):
        response = api.get(path)
        assert response.headers["Content-Type"] == kind
        assert int(response.headers["Content-Length"]) == len(response.content)
        assert "Location" not in response.headers
        assert "Set-Cookie" not in response.headers


@everywhere
def test_an_answer_of_204_has_neither_body_nor_type(api: httpx.Client, resource: str):
    row = make(api, resource)

    deleted = api.delete(f"/{resource}/{row['id']}")

    assert deleted.status_code == 204
    assert deleted.content == b""
    assert "Content-Type" not in deleted.headers
    assert deleted.headers.get("Content-Length", "0") == "0"
    refused(api.get(f"/{resource}/{row['id']}"), 404)


@pytest.mark.parametrize("path", ["/health/live", "/health/ready"])
def test_the_service_is_in_health(api: httpx.Client, path: str):
    response = api.get(path)

    assert response.status_code == 200
    assert response.headers["Content-Type"] == "application/json"
    assert response.json() == {"status": "ok"}
    refused(api.get(path, params={"verbose": "1"}), 422, "verbose")
    assert api.head(path).status_code == 200


# The largest body

# After a response to an unread body the server may close the connection: send nothing more on it.
LAST = {"Connection": "close"}


def test_a_body_may_have_8_mebibytes(api: httpx.Client):
    author, name = make_author(api), f"Renamed {marker()}"
    body = f'{{"name": "{name}"}}'.encode().ljust(LIMIT)

    changed = send(api, "PATCH", f"/authors/{author['id']}", body)

    assert len(body) == LIMIT
    assert changed.status_code == 200
    assert read(api, f"/authors/{author['id']}")["name"] == name


@pytest.mark.parametrize("size", [LIMIT + 1, LIMIT + 2, 2 * LIMIT])
def test_a_body_of_more_than_8_mebibytes_is_a_413(api: httpx.Client, size: int):
    word = marker()

    body = f'{{"name": "{word}"}}'.encode().ljust(size)

    response = api.post("/authors", content=body, headers={"Content-Type": "application/json", **LAST})

    refused(response, 413)
    assert found(api, "authors", word) == []


@pytest.mark.parametrize("size", [LIMIT + 1, LIMIT + 100_000])
def test_a_body_of_more_than_8_mebibytes_in_chunks_is_a_413(api: httpx.Client, size: int):
    word = marker()
    body = f'{{"name": "{word}"}}'.encode().ljust(size)

    def chunks() -> Iterator[bytes]:
        for start in range(0, size, 100_000):
            yield body[start : start + 100_000]

    response = api.post("/authors", content=chunks(), headers={"Content-Type": "application/json", **LAST})

    refused(response, 413)
    assert found(api, "authors", word) == []


def test_a_body_in_chunks_is_read_whole(api: httpx.Client):
    word = marker()

    response = api.post(
        "/authors",
        content=iter([b'{"na', b'me": "', word.encode(), b'"}']),
        headers={"Content-Type": "application/json"},
    )

    assert response.status_code == 201
    assert [row["name"] for row in found(api, "authors", word)] == [word]


def test_a_get_that_asks_for_a_websocket_is_a_get(api: httpx.Client):
    handshake = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    }

    response = api.get("/health/live", headers=handshake)

    assert response.status_code == 200
    assert response.json() == {"status": "ok"}


def test_an_object_of_more_members_than_any_schema_has_is_a_400(api: httpx.Client):
    refused(api.post("/authors", json={f"member {number}": 1 for number in range(101)}), 400)


@pytest.mark.parametrize("target", ["http://[broken/authors", "http://elsewhere.example/nowhere"])
def test_a_target_in_absolute_form_that_leads_nowhere_is_a_404_or_a_closed_connection(api: httpx.Client, target: str):
    with socket.create_connection((api.base_url.host, api.base_url.port), timeout=PATIENCE) as client:
        client.sendall(f"GET {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
        answer = client.recv(65536)

    assert answer[:12] in (b"HTTP/1.1 404", b"HTTP/1.1 400", b"")
    assert api.get("/health/live").status_code == 200
