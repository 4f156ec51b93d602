"""Clients that disconnect before the response."""

from __future__ import annotations

import socket
import struct
import sys
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import psycopg
import pytest

from tests.support import patient
from tests.support.databases import LOCK_QUEUE, Databases
from tests.support.deployments import command, free_port, server
from tests.support.hosts import HOSTS
from tests.support.waiting import until

ONE = {"DIPTYCH_WORKERS": "1", "DIPTYCH_THREADS": "1", "DIPTYCH_POOL_SIZE": "1"}
"""One request at a time."""

SANIC_HOST = [sys.executable, "-m", "sanic", "sanic_host:app", "--single-process", "--host", "127.0.0.1", "--port"]


class Served:
    """A service, the prefix of its catalogue, and its database."""

    def __init__(self, url: str, database: str) -> None:
        self.url, self.database = url, database

    def post(self, name: str) -> socket.socket:
        """Send a new tag without reading the response."""
        address = urlsplit(self.url)
        assert address.port is not None
        body = f'{{"name":"{name}"}}'
        head = f"POST {address.path}/tags HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        client = socket.create_connection(("127.0.0.1", address.port))
        client.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n{body}".encode())
        return client

    def tags(self) -> list[str]:
        page = patient.get(f"{self.url}/tags").raise_for_status()
        return [item["name"] for item in page.json()["items"]]

    def wait_until_one_waits(self) -> None:
        """Wait until a request waits for the locked table."""
        with psycopg.connect(self.database, autocommit=True) as connection:
            until(lambda: connection.execute(LOCK_QUEUE).fetchone())

    def has_heard(self) -> None:
        """Wait until the one event loop of Sanic's worker has processed all earlier events."""
        for _ in range(3):
            patient.get(f"{self.url}/health/live").raise_for_status()


@pytest.fixture(scope="module", params=["flask", "sanic", "sanic in a host"])
def served(request: pytest.FixtureRequest, databases: Databases) -> Iterator[Served]:
    database, port = databases.migrated("postgresql"), free_port()
    url, started = f"http://127.0.0.1:{port}", [*SANIC_HOST, str(port)]
    settings = {**ONE, "DATABASE_URL": database, "FLASK_PORT": str(port)}
    if request.param == "sanic in a host":
        with server(started, f"{url}/api/v1", PYTHONPATH=str(HOSTS), **settings):
            yield Served(f"{url}/api/v1", database)
    else:
        with server(command(request.param, port, manager=False), url, **settings):
            yield Served(url, database)


def leave(client: socket.socket) -> None:
    """Close the connection with RST: a FIN could also mean that the client has sent everything."""
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()


@pytest.mark.long
def test_what_was_begun_for_a_client_that_has_gone_is_done(served: Served):
    with psycopg.connect(served.database) as holder:
        holder.execute("LOCK TABLE tag IN ACCESS EXCLUSIVE MODE")
        client = served.post("begun")
        served.wait_until_one_waits()
        leave(client)
        time.sleep(1)
        holder.rollback()

    assert "begun" in served.tags()


@pytest.mark.long
@pytest.mark.parametrize("served", ["sanic", "sanic in a host"], indirect=True)
def test_what_was_not_begun_for_a_client_that_has_gone_is_left(served: Served):
    with psycopg.connect(served.database) as holder:
        holder.execute("LOCK TABLE tag IN ACCESS EXCLUSIVE MODE")
        first = served.post("first")
        served.wait_until_one_waits()
        second = served.post("second")
        served.has_heard()
        leave(second)
        served.has_heard()
        holder.rollback()
    assert first.recv(65536).startswith(b"HTTP/1.1 201")
    first.close()

    tags = served.tags()
    assert "first" in tags
    assert "second" not in tags
