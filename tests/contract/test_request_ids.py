"""X-Request-ID: on every response, and the request's own where it has one."""

from __future__ import annotations

import httpx
import pytest

from tests.contract.conftest import each_once
from tests.contract.making import make_author
from tests.support.wire import Target, exchange

pytestmark = each_once

GIVEN = "From/another.host:7+8=15~x_y-z"

UNREADABLE = {
    400: b"GET / HTTP/1.1\r\nHost : x\r\n\r\n",
    414: b"GET /" + b"x" * 9000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    417: b"GET / HTTP/1.1\r\nHost: x\r\nExpect: x\r\n\r\n",
    431: b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"x" * 20000 + b"\r\n\r\n",
}


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/health/live", 200),
        ("HEAD", "/authors", 200),
        ("GET", "/nothing", 404),
        ("OPTIONS", "/nothing", 404),
        ("PROPFIND", "/authors", 405),
        ("DELETE", "/authors", 405),
        ("OPTIONS", "/authors", 204),
        ("GET", "/authors/01a1fbd7-55dd-7561-861e-8d0bba31278f", 404),
        ("GET", "/authors/no-id", 404),
        ("GET", "/authors?x=1", 422),
        ("POST", "/authors", 415),
    ],
)
def test_every_answer_has_the_requests_own_or_one_that_was_made(api: httpx.Client, method: str, path: str, status: int):
    given = api.request(method, path, headers={"X-Request-ID": GIVEN})
    made = [api.request(method, path) for _ in range(2)]

    assert [each.status_code for each in (given, *made)] == [status] * 3
    assert given.headers["X-Request-ID"] == GIVEN
    assert len({each.headers["X-Request-ID"] for each in made}) == 2


def test_an_answer_that_nothing_has_changed_has_it_too_and_its_tag_does_not_depend_on_it(api: httpx.Client):
    path = f"/authors/{make_author(api)['id']}"
    tag = api.get(path, headers={"X-Request-ID": "1"}).headers["ETag"]

    again = api.get(path, headers={"X-Request-ID": "2", "If-None-Match": tag})

    assert (again.status_code, again.headers["X-Request-ID"]) == (304, "2")


@pytest.mark.parametrize("given", ["a b", "a, b", '"a"', "x" * 129, "é"])
def test_one_that_is_not_fit_for_a_log_is_replaced(api: httpx.Client, given: str):
    answered = api.get("/health/live", headers={"X-Request-ID": given.encode("latin-1")})

    assert len(answered.headers["X-Request-ID"]) == 32


def test_one_that_is_given_twice_is_none(api: httpx.Client):
    answered = api.get("/health/live", headers=[("X-Request-ID", "a"), ("X-Request-ID", "b")])

    assert len(answered.headers["X-Request-ID"]) == 32


@pytest.mark.parametrize("status", UNREADABLE)
def test_what_could_not_be_read_is_called_something_too(url: str, status: int):
    (answer,) = exchange(Target.of(url), UNREADABLE[status], ("GET",)).answers

    assert answer.status == status
    assert len(answer.header("x-request-id") or "") == 32
