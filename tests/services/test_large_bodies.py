"""Large bodies are read and written in a thread by the async twin, with the same results."""

from __future__ import annotations

import asyncio
import gzip
import json
import threading
from importlib import import_module
from time import monotonic
from typing import Any

import pytest

from diptych.core.http import request_parsing, response_building
from diptych.core.http.request_response import LARGE, Request, Response
from diptych.core.observability import request_context
from diptych.core.settings import Settings
from tests.services.api import OPERATOR

SMALL, MUCH = 1, 90
"""Tags in a body of fewer than LARGE bytes, and in one of more."""


def body(count: int) -> bytes:
    """Return a batch of tags that is refused: the first has no name."""
    tags = [{"name": f"tag {each}", "description": "d" * 1000} for each in range(count)]
    return json.dumps({"items": [{}, *tags]}).encode()


@pytest.fixture
def threads(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Return where a body was last read and written: the name of the thread."""
    found: dict[str, str] = {}

    def noting(module: Any, name: str, label: str) -> None:
        work = getattr(module, name)

        def noted(*arguments: Any) -> Any:
            assert request_context.current() is not None
            found[label] = threading.current_thread().name
            return work(*arguments)

        monkeypatch.setattr(module, name, noted)

    noting(request_parsing, "read", "read")
    noting(response_building, "finished", "written")
    return found


def answer(twin: str, content: bytes, *, path: str = "/tags/batch", **late: float) -> Response:
    """Return the response to a batch of tags, from a catalogue that has no database."""

    async def answered() -> Response:
        application = import_module(f"diptych.core.{twin}.application").Application(
            Settings(database_url="sqlite:///none.db")
        )
        (route,) = (each for each in application.routes if each.path == path and "POST" in each.methods)
        headers = {"content-type": "application/json", "accept-encoding": "gzip", "x-request-id": "one"}
        if content.startswith(b"\x1f\x8b"):
            headers["content-encoding"] = "gzip"
        request = Request("POST", "", {}, "", headers, content, user=OPERATOR, **late)
        found = application.handle(route, request)
        return await found if twin == "aio" else found

    return asyncio.run(answered())


BODIES = {
    "small": (body(SMALL), False),
    "large": (body(MUCH), True),
    "small in gzip": (gzip.compress(body(SMALL)), True),
    "large in gzip": (gzip.compress(body(MUCH)), True),
}


@pytest.mark.parametrize("kind", BODIES)
def test_the_async_twin_reads_a_large_body_in_a_thread_and_the_other_where_it_is(kind: str, threads: dict[str, str]):
    content, large = BODIES[kind]
    own = threading.current_thread().name
    blocking = answer("sync", content)
    assert threads == {"read": own, "written": own}
    waiting = answer("aio", content)

    assert (threads["read"] != own) == large
    assert blocking == waiting
    assert waiting.status == 422


def test_a_large_response_is_written_in_a_thread(threads: dict[str, str]):
    items = [{"name": 5}] * 1000
    content = json.dumps({"items": items}).encode()
    waiting = answer("aio", content)

    assert len(gzip.decompress(waiting.body)) > LARGE > len(content)
    assert (threads["read"], threads["written"]) == (threading.current_thread().name, "diptych writes_0")
    assert waiting == answer("sync", content)


def test_a_thread_knows_the_deadline_of_the_request(threads: dict[str, str]):
    late = answer("aio", BODIES["large"][0], arrived=monotonic() - 3600)

    assert late.status == 503
    assert threads["read"] == "diptych reads_0"


def test_the_event_loop_runs_while_a_large_body_is_read(monkeypatch: pytest.MonkeyPatch):
    other = threading.Event()
    read = request_parsing.read

    def waiting(*arguments: Any) -> Any:
        assert other.wait(300)
        return read(*arguments)

    monkeypatch.setattr(request_parsing, "read", waiting)
    asyncio_run = asyncio.run

    def with_other(work: Any) -> Any:
        async def both() -> Any:
            asyncio.get_running_loop().call_later(0.001, other.set)
            return await work

        return asyncio_run(both())

    monkeypatch.setattr(asyncio, "run", with_other)

    assert answer("aio", BODIES["large"][0]).status == 422
