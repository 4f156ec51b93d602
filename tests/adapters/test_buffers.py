"""A client that uploads or downloads too much at once is refused; ordinary requests are served meanwhile."""

from __future__ import annotations

import re
import select
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress

import pytest

from diptych.core.http.wire.timeouts import WRITE_TIMEOUT
from tests.contract.making import make_author
from tests.support import patient
from tests.support.databases import Databases
from tests.support.deployments import ADAPTERS, deployment
from tests.support.held import held
from tests.support.waiting import PATIENCE, until
from tests.support.wire import Target, connect, unread
from tests.wire.case import HOST, JSON, head

pytestmark = pytest.mark.long

BODY = 2**20
"""DIPTYCH_MAX_BODY_BYTES: what one client may have in transit when a worker keeps four times as much."""

PART = 700_000


@contextmanager
def started(databases: Databases, adapter: str, **more: str) -> Iterator[Target]:
    settings = {
        "DIPTYCH_MAX_BODY_BYTES": str(BODY),
        "DIPTYCH_BUFFER_BYTES": str(4 * BODY),
        "DIPTYCH_TRUSTED_PROXIES": "127.0.0.1",
        "DIPTYCH_WORKERS": "1",
        "DIPTYCH_KEEPALIVE_TIMEOUT": "60",
    }
    with deployment(adapter, databases.migrated("sqlite"), **(settings | more)) as url:
        yield Target.of(url)


def url_of(target: Target) -> str:
    return f"http://{target.host}:{target.port}"


def upload(target: Target, client: str) -> socket.socket:
    """Send most of a body."""
    connection = connect(target)
    fields = f"X-Forwarded-For: {client}", f"Content-Length: {BODY}"
    connection.sendall(head("POST", "/authors", HOST, JSON, *fields) + b'{"name": "' + b"x" * PART)
    return connection


def status(connection: socket.socket) -> int:
    return int(connection.recv(65536).split()[1])


def refusals(target: Target, direction: str) -> float:
    text = patient.get(f"{url_of(target)}/metrics").text
    found = re.search(rf'^diptych_buffers_full_total{{direction="{direction}"}} (.*)$', text, re.MULTILINE)
    assert found
    return float(found[1])


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_a_client_that_uploads_too_much_at_once_gets_503(databases: Databases, adapter: str):
    with started(databases, adapter) as target, ExitStack() as stack:
        clients = [stack.enter_context(upload(target, f"192.0.2.{number}")) for number in (1, 1, 2)]

        ((refused, *_), _, _) = select.select(clients, [], [], PATIENCE)
        assert status(refused) == 503
        clients.remove(refused)
        assert refusals(target, "request") == 1
        # Small bodies are not counted, even from the same client.
        client = {"X-Forwarded-For": "192.0.2.1"}
        made = patient.post(f"{url_of(target)}/authors", json={"name": "Small"}, headers=client)
        assert made.status_code == 201
        # The others are answered, and so is a repetition when there is room again.
        for connection in [*clients, stack.enter_context(upload(target, "192.0.2.3"))]:
            connection.sendall(b"x" * (BODY - PART - len(b'{"name": ""}')) + b'"}')
            assert status(connection) == 422
        again = stack.enter_context(upload(target, "192.0.2.1"))
        again.sendall(b"x" * (BODY - PART - len(b'{"name": ""}')) + b'"}')
        assert status(again) == 422
        assert refusals(target, "request") == 1


LARGE = 10_000_000


def large(target: Target) -> bytes:
    """Return a request whose response has ten megabytes, of which the sockets take four at most."""
    with patient.Client(base_url=url_of(target)) as api:
        author = make_author(api)
        for _ in range(10):
            books = [{"title": "Large", "author_id": author["id"], "description": "x " * 4999 + "x"}] * 100
            api.post("/books/batch", json={"items": books}).raise_for_status()
    return head("GET", f"/authors/{author['id']}/books?pageSize=1000", HOST, "X-Forwarded-For: 192.0.2.1")


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_a_client_that_downloads_too_much_at_once_is_cut_off(databases: Databases, adapter: str):
    # For one client there is room for one of these responses, and not for two.
    with started(databases, adapter, DIPTYCH_BUFFER_BYTES=str(4 * 11_000_000)) as target, ExitStack() as stack:
        message = large(target)
        first = stack.enter_context(unread(target, message))
        assert first.recv(1) == b"H"
        second = stack.enter_context(unread(target, message))

        until(lambda: refusals(target, "response") == 1)
        until(lambda: held(target, [first, second]) < 2)


@pytest.mark.unsampled
@pytest.mark.parametrize("adapter", ADAPTERS)
def test_a_client_that_reads_a_response_too_slowly_is_cut_off(databases: Databases, adapter: str):
    with started(databases, adapter, DIPTYCH_REQUEST_TIMEOUT="1", DIPTYCH_BUFFER_BYTES="0") as target:
        message = large(target)
        begin = time.monotonic()
        with unread(target, message) as client:
            taken = len(client.recv(1))
            # Often enough that each part is in time.
            while held(target, [client]):
                taken += len(client.recv(4096))
                time.sleep(0.05)
            assert time.monotonic() - begin > WRITE_TIMEOUT
            with suppress(ConnectionResetError):
                while piece := client.recv(2**20):
                    taken += len(piece)
            assert taken < LARGE


@pytest.mark.unsampled
@pytest.mark.parametrize("adapter", ADAPTERS)
def test_a_client_that_reads_slowly_but_steadily_gets_its_response(databases: Databases, adapter: str):
    with started(databases, adapter, DIPTYCH_BUFFER_BYTES="0") as target:
        message = large(target)
        begin = time.monotonic()
        # Its kernel says that it can be written to only after a third of four megabytes.
        with unread(target, message) as client:
            taken = 0
            while time.monotonic() < begin + 1.5 * WRITE_TIMEOUT:
                taken += len(client.recv(4096))
                time.sleep(0.05)
            while taken < LARGE:
                piece = client.recv(2**20)
                assert piece
                taken += len(piece)
