"""The service on Sanic under an ASGI server: it serves, and says in one line what is not kept then."""

from __future__ import annotations

import json
import sys
from typing import Any

import pytest

from tests.support.databases import ROOT, Databases, run

SERVER = [sys.executable, str(ROOT / "tests" / "adapters" / "hosts" / "asgi_server.py")]

HOST = ("host", "any.example")
JSON = ("content-type", "application/json")

Asked = tuple[str, str, list[tuple[str, str]], list[str]]


def served(url: str, *asked: Asked, **settings: str) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return what the application says at its start, to each request and at its end, and the log."""
    stdin = "\n".join(map(json.dumps, asked))
    done = run(SERVER, stdin=stdin, DATABASE_URL=url, PYTHONPATH=str(ROOT), **settings)
    return (
        [json.loads(line) for line in done.stdout.splitlines()],
        [json.loads(line) for line in done.stderr.splitlines()],
    )


def test_it_serves_with_one_line_about_what_is_not_kept_and_leaves_signals_to_the_server(databases: Databases):
    body = '{"name": "served"}'
    told, log = served(
        databases.migrated("sqlite"),
        ("POST", "/tags", [HOST, JSON, ("content-length", str(len(body)))], [body[:5], body[5:]]),
        ("GET", "/tags?pageSize=1&searchString=served", [HOST], [""]),
        ("PROPFIND", "/tags", [HOST], [""]),
    )

    # The script ends only where its own handler of SIGTERM is called.
    assert (told[0], told[-1]) == ({"type": "lifespan.startup.complete"}, {"type": "lifespan.shutdown.complete"})
    made, found, unknown = told[1:-1]
    assert (made["status"], found["status"], unknown["status"]) == (201, 200, 405)
    assert json.loads(found["body"])["items"] == [json.loads(made["body"])]
    assert found["headers"]["content-length"] == str(len(found["body"]))
    assert unknown["headers"]["allow"] == "GET, HEAD, OPTIONS, POST"
    (warning,) = [each["message"] for each in log if each["level"] == "warning"]
    assert warning.startswith("An ASGI server keeps less than docs/wire.md promises")


@pytest.mark.long
@pytest.mark.parametrize(
    ("headers", "pieces", "status"),
    [
        ([HOST, JSON, ("content-type", "text/plain")], ["{}"], 400),
        ([JSON], ["{}"], 400),
        ([HOST, JSON, ("content-length", "1"), ("transfer-encoding", "chunked")], ["{}"], 400),
        ([HOST, JSON, ("x-long", "x" * 17000)], ["{}"], 431),
        ([HOST, JSON, ("transfer-encoding", "chunked")], [" " * 900] * 9, 413),
    ],
    ids=["a type twice", "no host", "two lengths", "a long header", "too much"],
)
def test_what_its_server_lets_through_is_judged_by_the_rules_of_the_core(
    databases: Databases, headers: list[tuple[str, str]], pieces: list[str], status: int
):
    asked: Asked = ("POST", "/tags", headers, pieces)

    told, _ = served(databases.migrated("sqlite"), asked, DIPTYCH_MAX_BODY_BYTES="1024")

    assert told[1]["status"] == status
    assert told[1]["headers"]["content-type"] == "application/problem+json"
    if status == 413:
        assert told[1]["unread"] > 5
