"""Helpers of the contract tests: create rows over HTTP, and check responses."""

from __future__ import annotations

import itertools
import json
import random
import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import httpx

from tests.support import patient
from tests.support.waiting import PATIENCE

Row = dict[str, Any]

RESOURCES = ("authors", "books", "tags")
NAMED_BY = {"authors": "name", "books": "title", "publishers": "name", "series": "name", "tags": "name"}
LIMIT = 8 * 1024 * 1024


def marker() -> str:
    """Return a word that nothing else in the catalogue contains; lower case, letters and digits."""
    return f"m{uuid.uuid4().hex}"


def new_id() -> str:
    """Return an id that no row has."""
    return str(uuid.uuid4())


# A random start and a counter: drawn one by one, two of some thousands would collide in every fiftieth run.
_serial = itertools.count(random.randrange(10**9))  # noqa: S311 - an ISBN is no secret


def _nine_digits() -> str:
    return f"{next(_serial) % 10**9:09}"


def new_isbn() -> str:
    """Return a valid ISBN-13 that is almost certainly unused."""
    return _with_check_digit("979" + _nine_digits())


def new_isbn_10() -> tuple[str, str]:
    """Return a valid ISBN-10, and the same as ISBN-13."""
    nine = _nine_digits()
    check = -sum(int(digit) * weight for digit, weight in zip(nine, range(10, 1, -1), strict=True)) % 11
    return nine + ("X" if check == 10 else str(check)), _with_check_digit("978" + nine)


def _with_check_digit(twelve: str) -> str:
    total = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(twelve))
    return twelve + str(-total % 10)


def make_author(api: httpx.Client, **values: Any) -> Row:
    return made(api.post("/authors", json={"name": f"Author {marker()}", **values}))


def make_book(api: httpx.Client, **values: Any) -> Row:
    if "author_id" not in values:
        values["author_id"] = make_author(api)["id"]
    return made(api.post("/books", json={"title": f"Book {marker()}", **values}))


def make_tag(api: httpx.Client, **values: Any) -> Row:
    return made(api.post("/tags", json={"name": marker(), **values}))


def body_of(api: httpx.Client, resource: str) -> Row:
    """Return a body that creates a row of any resource, key included."""
    if resource == "authors":
        return {"name": f"Author {marker()}", "dob": "1901-02-03"}
    if resource == "books":
        return {"title": f"Book {marker()}", "author_id": make_author(api)["id"], "isbn": new_isbn()}
    if resource in ("publishers", "series"):
        return {"name": f"House {marker()}"}
    return {"name": marker(), "description": "made for a test"}


def make(api: httpx.Client, resource: str) -> Row:
    return made(api.post(f"/{resource}", json=body_of(api, resource)))


def made(response: httpx.Response) -> Row:
    assert response.status_code == 201, response.text
    return response.json()


def read(api: httpx.Client, path: str, **parameters: Any) -> Any:
    """GET a path and return the JSON."""
    response = api.get(path, params=parameters)
    assert response.status_code == 200, response.text
    assert response.headers["Content-Type"] == "application/json"
    return response.json()


def ids(rows: Sequence[Row]) -> list[str]:
    return [row["id"] for row in rows]


def found(api: httpx.Client, resource: str, word: str) -> list[Row]:
    """Return the rows whose name contains a word, oldest first."""
    return read(api, f"/{resource}", searchString=word, sortOrder="asc", pageSize=1000)["items"]


def send(api: httpx.Client, method: str, path: str, body: Any, content_type: str | None = "application/json") -> Any:
    """Send a body as it is: bytes unchanged, everything else as ASCII JSON (NaN and surrogates included)."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {} if content_type is None else {"Content-Type": content_type}
    return api.request(method, path, content=content, headers=headers)


def refused(response: httpx.Response, status: int, *places: str) -> Row:
    """Check that a response is a problem, and return it.

    places: of its errors, "/pointer" or "parameter", in any order.
    """
    assert response.status_code == status, f"{response.status_code}: {response.text[:2000]}"
    assert response.headers["Content-Type"] == "application/problem+json"
    problem: Row = response.json()
    assert problem.keys() in ({"type", "title", "status", "detail"}, {"type", "title", "status", "detail", "errors"})
    assert problem["status"] == status
    assert all(isinstance(problem[member], str) and problem[member] for member in ("type", "title", "detail"))
    errors = problem.get("errors", [])
    for error in errors:
        assert error.keys() in ({"pointer", "code", "detail"}, {"parameter", "code", "detail"})
        assert error["code"]
        assert error["detail"]
    if places:
        assert sorted({error.get("pointer", error.get("parameter")) for error in errors}) == sorted(set(places))
    return problem


def at_once(url: httpx.URL, calls: Sequence[Callable[[httpx.Client], httpx.Response]]) -> list[httpx.Response]:
    """Make every call in its own thread, all released at the same moment."""
    barrier = Barrier(len(calls))

    def run(call: Callable[[httpx.Client], httpx.Response]) -> httpx.Response:
        with patient.Client(base_url=url) as client:
            client.get("/health/live")  # so that all are connected before the start
            barrier.wait(timeout=PATIENCE)
            return call(client)

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))
