"""Streamed lists, as a client of a connection of its own sees them."""

from __future__ import annotations

import json
import socket
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from types import SimpleNamespace
from typing import IO, Any, NamedTuple

import pytest

from diptych.flask_app.server.worker import Worker
from tests.contract.making import ids, make_author, make_book
from tests.support import patient
from tests.support.databases import Databases
from tests.support.deployments import ADAPTERS, deployment
from tests.support.waiting import until
from tests.support.wire import Target, connect

pytestmark = pytest.mark.long

BOOKS = 3000
NOTHING_IN_USE = "\ndiptych_pool_connections_in_use 0.0\n"


class Served(NamedTuple):
    """A deployment of one worker with one thread and one connection. file: its database."""

    url: str
    books: list[str]
    file: str
    log: IO[str]


@pytest.fixture(scope="module", params=ADAPTERS)
def served(request: pytest.FixtureRequest, databases: Databases) -> Iterator[Served]:
    one = dict.fromkeys(("DIPTYCH_WORKERS", "DIPTYCH_THREADS", "DIPTYCH_POOL_SIZE"), "1")
    database = databases.migrated("sqlite")
    with (
        tempfile.TemporaryFile("w+") as log,
        deployment(request.param, database, log=log, DIPTYCH_POOL_OVERFLOW="0", **one) as url,
        patient.Client(base_url=url) as api,
    ):
        author = make_author(api)
        found: list[str] = []
        for first in range(0, BOOKS, 1000):
            items = [
                {"title": f"Book {number}", "author_id": author["id"], "description": "x" * 3000}
                for number in range(first, first + 1000)
            ]
            found += ids(api.post("/books/batch", json={"items": items}).json()["items"])
        yield Served(url, found, database.removeprefix("sqlite:///"), log)


def asked(url: str, target: str, version: str = "1.1") -> socket.socket:
    """Return a connection that has sent a GET."""
    connection = connect(Target.of(url))
    connection.sendall(f"GET {target} HTTP/{version}\r\nHost: localhost\r\n\r\n".encode())
    return connection


def rest(connection: socket.socket, end: bytes = b"") -> bytes:
    """Return what arrives until the server closes, or until `end` has arrived."""
    data = bytearray()
    while not (end and data.endswith(end)) and (more := connection.recv(2**20)):
        data += more
    return bytes(data)


def test_clients_that_do_not_read_hold_neither_a_thread_nor_a_connection_to_the_database(served: Served):
    with ExitStack() as stack:
        clients = [stack.enter_context(asked(served.url, "/books.jsonl")) for _ in range(4)]
        heads = [client.recv(1000) for client in clients]

        until(lambda: NOTHING_IN_USE in patient.get(f"{served.url}/metrics").text)
        assert patient.get(f"{served.url}/books?pageSize=1").status_code == 200

        for begin, client in zip(heads, clients, strict=True):
            assert begin.startswith(b"HTTP/1.1 200")
            assert rest(client, b"\r\n0\r\n\r\n").count(b'"id":"') > BOOKS


def test_http_1_0_gets_a_stream_without_chunks_that_ends_with_the_connection(served: Served):
    with asked(served.url, f"/books.jsonl?ids={served.books[0]}&ids={served.books[1]}", "1.0") as connection:
        head, _, body = rest(connection).partition(b"\r\n\r\n")

    assert b"transfer-encoding" not in head.lower()
    assert [json.loads(line)["id"] for line in body.splitlines()] == served.books[:2]


@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_a_stream_that_cannot_go_on_resets_the_connection_and_is_logged(served: Served, version: str):
    name = f"broken-{version}"
    with (
        without_a_table(served.file),
        named(served.url, "/books.mrc", name, version) as connection,
        pytest.raises(ConnectionResetError),
    ):
        rest(connection)

    until(lambda: lines(served, name))
    (line,) = lines(served, name)
    assert (line["status"], line["bytes"], line["aborted"]) == (200, 0, True)
    served.log.seek(0)
    assert f"the response to the request {name} was aborted: " in served.log.read()
    assert patient.get(f"{served.url}/books?pageSize=1").status_code == 200


@contextmanager
def without_a_table(file: str) -> Iterator[None]:
    """Have all reads of books with what belongs to them fail."""
    with closing(sqlite3.connect(file)) as database:
        database.execute("ALTER TABLE book_tag RENAME TO away")
        yield
        database.execute("ALTER TABLE away RENAME TO book_tag")


def lines(served: Served, name: str) -> list[dict[str, Any]]:
    """Return the access log lines of the requests with this id."""
    served.log.seek(0)
    found = [json.loads(line) for line in served.log.read().splitlines()]
    return [line for line in found if "status" in line and line["request_id"] == name]


def named(url: str, target: str, name: str, version: str = "1.0") -> socket.socket:
    """Return a connection that has sent a GET with a request id."""
    connection = connect(Target.of(url))
    connection.sendall(f"GET {target} HTTP/{version}\r\nHost: localhost\r\nX-Request-ID: {name}\r\n\r\n".encode())
    return connection


def test_a_stream_is_logged_and_counted_at_its_end_with_all_its_bytes(served: Served):
    with named(served.url, "/books.jsonl", "whole") as connection:
        begin = connection.recv(1000)
        before = counted(served, "/books.jsonl")
        assert lines(served, "whole") == []

        body = (begin + rest(connection)).partition(b"\r\n\r\n")[2]

    until(lambda: lines(served, "whole"))
    (line,) = lines(served, "whole")
    assert (line["path"], line["status"], line["bytes"], line["level"]) == ("/books.jsonl", 200, len(body), "info")
    assert 0 < line["db_ms"] < line["duration_ms"]
    assert "aborted" not in line
    assert counted(served, "/books.jsonl") == before + 1


def counted(served: Served, route: str) -> int:
    """Return the number of requests of a route in the histogram."""
    name = f'diptych_request_duration_seconds_count{{method="GET",route="{route}"}} '
    found = [line for line in patient.get(f"{served.url}/metrics").text.splitlines() if line.startswith(name)]
    return int(float(found[0].removeprefix(name))) if found else 0


def test_a_stream_whose_client_goes_away_is_logged_as_aborted_with_the_bytes_until_then(served: Served):
    with named(served.url, "/books.csv", "left") as connection:
        connection.recv(1000)
        before = counted(served, "/books.csv")

    until(lambda: lines(served, "left"))
    (line,) = lines(served, "left")
    assert (line["status"], line["aborted"]) == (200, True)
    assert 0 < line["bytes"] < BOOKS * 3000
    assert counted(served, "/books.csv") == before + 1


def test_head_of_a_stream_is_logged_once_with_no_bytes(served: Served):
    assert patient.request("HEAD", f"{served.url}/books.csv", headers={"X-Request-ID": "head"}).status_code == 200

    (line,) = lines(served, "head")
    assert (line["method"], line["bytes"], "aborted" in line) == ("HEAD", 0, False)


def test_a_client_that_goes_away_leaves_nothing_in_use(served: Served):
    with asked(served.url, "/books.csv") as connection:
        connection.recv(1000)

    until(lambda: NOTHING_IN_USE in patient.get(f"{served.url}/metrics").text)
    with patient.Client(base_url=served.url) as api:
        assert make_book(api)


def test_a_client_that_reads_between_two_looks_at_its_connection_is_waited_for(monkeypatch: pytest.MonkeyPatch):
    waited: list[object] = []
    worker = Worker.__new__(Worker)
    monkeypatch.setattr(worker, "_wait_for_reader", waited.append)
    # What is left at the first look has been read at the second.
    drained = iter([False, True, True]).__next__
    connection: Any = SimpleNamespace(aborted=False, stream=iter([b"x"]), ended=True, flush=drained)

    worker._advance(connection)

    assert waited == [connection]
