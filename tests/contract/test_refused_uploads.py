"""Files that are refused: as soon as the head of the request says why, and without one byte of the body."""

from __future__ import annotations

import json
from collections.abc import Iterator

import httpx
import pytest

from tests.contract.conftest import each_once
from tests.contract.making import make, marker, new_id
from tests.support.wire import Answer, Reader, Target, connect
from tests.wire.case import CHUNKED, CLOSE, HOST, head

pytestmark = each_once

LENGTH = "Content-Length: 1000000"


@pytest.fixture
def reader(administrator: httpx.Client) -> Iterator[str]:
    """Yield the field with the token of an account that may read only."""
    account = administrator.post("/accounts", json={"name": marker(), "role": "reader"}).raise_for_status().json()
    made = administrator.post("/tokens", json={"label": "Test", "account_id": account["id"]})
    yield f"Authorization: Bearer {made.raise_for_status().json()['token']}"
    administrator.delete(f"/accounts/{account['id']}")


def answered(url: str, method: str, path: str, *fields: str) -> Answer:
    """Send the head of a request, and return the response."""
    with connect(Target.of(url)) as connection:
        connection.sendall(head(method, path, HOST, *fields))
        answer = Reader(connection).answer(method)
    assert answer is not None
    assert answer.header("connection") == "close"
    return answer


def test_who_may_send_no_file_is_told_before_it_is_received(api: httpx.Client, url: str, reader: str):
    files = f"/books/{make(api, 'books')['id']}/files?kind=cover"

    unknown = answered(url, "POST", files, "Authorization: Bearer dpt_unknown", LENGTH)
    forbidden = answered(url, "POST", files, reader, CHUNKED)
    continued = answered(url, "POST", files, reader, LENGTH, "Expect: 100-continue")

    assert (unknown.status, forbidden.status, continued.status) == (401, 403, 403)
    assert b"catalogue:write" in forbidden.body
    assert continued.header(":continued") is None


def test_what_the_head_shows_to_be_wrong_is_told_before_the_file_is_received(api: httpx.Client, url: str):
    book, known = make(api, "books")["id"], (LENGTH, CLOSE)
    files = f"/books/{book}/files"
    cases = [
        ("POST", f"/books/{new_id()}/files?kind=cover", (), 404),
        ("PUT", f"{files}/{new_id()}?kind=cover", (), 404),
        ("POST", "/books/x/files?kind=cover", (), 404),
        ("POST", f"{files}?kind=x", (), 422),
        ("POST", f"{files}?kind=cover", ("Content-Encoding: gzip",), 415),
        ("POST", f"{files}?kind=cover", ("Content-Type: multipart/form-data; boundary=x",), 415),
        ("POST", f"{files}?kind=cover", ("Idempotency-Key:",), 400),
    ]

    found = [
        (method, path, fields, answered(url, method, path, *known, *fields).status) for method, path, fields, _ in cases
    ]
    too_large = answered(url, "POST", f"{files}?kind=cover", "Content-Length: 99999999999")

    assert found == cases
    assert too_large.status == 413
    assert api.get(files).json() == {"items": []}


def test_a_file_to_be_imported_is_refused_before_it_is_received_too(api: httpx.Client, url: str, reader: str):
    forms = ("Content-Type: multipart/form-data", "Content-Type: multipart/form-data; boundary=x")
    cases = [
        ("/imports", ("Authorization: Bearer dpt_unknown",), 401),
        ("/imports", (reader,), 403),
        ("/imports?nam=x", (), 422),
        ("/imports", ("Content-Encoding: br",), 415),
        ("/imports", (forms[0],), 400),
        ("/imports", ("Idempotency-Key:",), 400),
    ]

    found = [(path, fields, answered(url, "POST", path, LENGTH, CLOSE, *fields).status) for path, fields, _ in cases]
    too_large = [
        answered(url, "POST", "/imports", "Content-Length: 134217729", *fields).status for fields in ((), forms[1:])
    ]

    assert found == cases
    assert too_large == [413, 413]
    content = b"title\nx\n"
    with connect(Target.of(url)) as connection:
        fields = (CLOSE, f"Content-Length: {len(content)}", "Expect: 100-continue")
        connection.sendall(head("POST", "/imports", HOST, *fields))
        assert connection.recv(65536) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(content)
        answer = Reader(connection).answer("POST")
    assert answer is not None
    assert answer.status == 201
    api.post(f"/jobs/{json.loads(answer.body)['job']['id']}/cancel").raise_for_status()


def test_the_first_complaint_is_about_who_sends_it(url: str, reader: str):
    assert answered(url, "POST", f"/books/{new_id()}/files?kind=x", reader, LENGTH).status == 403


def test_who_waits_to_send_a_file_is_told_to_when_it_is_welcome(api: httpx.Client, url: str):
    files, content = f"/books/{make(api, 'books')['id']}/files?kind=cover", b"GIF89a".ljust(100_000, b"x")
    with connect(Target.of(url)) as connection:
        connection.sendall(head("POST", files, HOST, CLOSE, f"Content-Length: {len(content)}", "Expect: 100-continue"))
        assert connection.recv(65536) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(content)
        answer = Reader(connection).answer("POST")
    assert answer is not None
    assert answer.status == 201
