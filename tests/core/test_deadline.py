"""Loops look at the deadline of their request, however many items they have."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from importlib import import_module
from time import monotonic
from typing import Any

import pytest

from diptych.core import deadline
from diptych.core.aio.operations import OPERATIONS
from diptych.core.errors import ServiceUnavailable
from diptych.core.http import query_string, request_parsing
from diptych.core.http.request_response import Request
from diptych.core.settings import Settings

END = 100.0
"""The deadline, in seconds of the fake clock."""


class Clock:
    """A clock that stands still, counts how often it is read, and after `reads` of them is past the deadline."""

    def __init__(self) -> None:
        self.looks = 0
        self.reads: float = float("inf")

    def __call__(self) -> float:
        self.looks += 1
        return END + 1 if self.looks > self.reads else 0.0


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[Clock]:
    """Yield the clock of a request with a deadline."""
    found = Clock()
    monkeypatch.setattr(deadline, "monotonic", found)
    with deadline.until(END):
        yield found


def parse(method: str, path: str, body: Any = None, query: str = "") -> Any:
    """Parse a request to an operation."""
    operation = next(each for each in OPERATIONS if (each.method, each.path) == (method, path))
    content = b"" if body is None else json.dumps(body).encode()
    request = Request(method, "", {}, query, {"content-type": "application/json"}, content)
    return request_parsing.read(
        operation, request_parsing.Target((), {}), request, Settings(database_url="sqlite:///none.db")
    )


def tags(count: int) -> Callable[[], Any]:
    """Return the parsing of a batch of tags."""
    return lambda: parse("POST", "/tags/batch", {"items": [{"name": f"tag {each}"} for each in range(count)]})


LOOPS: dict[str, tuple[int, Callable[[], Any]]] = {
    "the items of a batch": (1000, tags(1000)),
    "parameters of a query": (4000, lambda: query_string.pairs("&".join(["a=1"] * 4000))),
    "values of a parameter": (
        4000,
        lambda: query_string.gather([("ids", "x")] * 4000, next(each.query for each in OPERATIONS if each.query)),
    ),
    "brackets of a body": (40_000, lambda: request_parsing.json.decode(b"[" + b"[]," * 19_999 + b"[]]")),
    "any other items": (10_000, lambda: list(deadline.checking(range(10_000)))),
}


@pytest.mark.parametrize("loop", LOOPS)
def test_a_loop_looks_at_the_deadline_at_least_every_thousand_items(clock: Clock, loop: str):
    count, work = LOOPS[loop]
    work()

    assert clock.looks >= count / 1000


@pytest.mark.parametrize("loop", LOOPS)
def test_a_loop_ends_when_the_deadline_passes_in_the_middle_of_it(clock: Clock, loop: str):
    _, work = LOOPS[loop]
    work()
    clock.looks, clock.reads = 0, clock.looks // 2
    with pytest.raises(ServiceUnavailable, match=deadline.TOO_LONG):
        work()

    assert clock.looks == clock.reads + 1


def test_a_body_whose_request_is_late_is_not_decoded(clock: Clock, monkeypatch: pytest.MonkeyPatch):
    clock.reads = 0
    monkeypatch.setattr(request_parsing.json, "decode", None)
    with pytest.raises(ServiceUnavailable):
        tags(1)()


@pytest.mark.usefixtures("clock")
def test_items_come_as_they_are_and_in_order():
    assert list(deadline.checking(range(101))) == list(range(101))
    assert list(deadline.checking([])) == []


def test_without_a_deadline_the_clock_is_not_read(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(deadline, "monotonic", None)

    assert list(deadline.checking("abc")) == ["a", "b", "c"]


def test_a_loop_of_the_async_twin_lets_other_tasks_run(clock: Clock):
    async def both() -> int:
        turns = 0

        async def other() -> None:
            nonlocal turns
            while True:
                turns += 1
                await asyncio.sleep(0)

        task = asyncio.create_task(other())
        assert [item async for item in deadline.checking_async(range(1000))] == list(range(1000))
        task.cancel()
        return turns

    assert asyncio.run(both()) >= 1000 / deadline.EVERY - 1
    assert clock.looks >= 1000 / deadline.EVERY


@pytest.mark.parametrize("twin", ["aio", "sync"])
def test_a_body_is_not_validated_when_the_request_has_waited_longer_than_its_deadline(twin: str):
    async def answered() -> tuple[int, Any]:
        settings = Settings(database_url="sqlite:///none.db", request_timeout=10)
        application = import_module(f"diptych.core.{twin}.application").Application(settings)
        (route,) = (each for each in application.routes if each.name == "tags_create")
        headers = {"content-type": "application/json"}
        late = Request("POST", "", {}, "", headers, b'{"name": 5}', arrived=monotonic() - 11)
        answer = application.handle(route, late)
        response = await answer if twin == "aio" else answer
        return response.status, json.loads(response.body)["detail"]

    assert asyncio.run(answered()) == (503, deadline.TOO_LONG)
