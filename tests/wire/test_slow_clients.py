"""Clients that stop half-way, do not read, or do not close: they get what they can, and delay no other client."""

from __future__ import annotations

import select
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from functools import partial

import pytest

from diptych.core.http.wire.timeouts import HEAD_TIMEOUT, LINGER_TIMEOUT, REQUEST_TIMEOUT, WRITE_TIMEOUT
from tests.contract.making import make_author
from tests.support import patient
from tests.support.deployments import ADAPTERS
from tests.support.held import held
from tests.support.hosts import Hosts
from tests.support.waiting import PATIENCE, until
from tests.support.wire import Answer, Target, connect, exchange, unread
from tests.wire.case import CLOSE, HOST, JSON, head

LIVE = head("GET", "/health/live", HOST, CLOSE)
MANY = 24
"""More connections than a gunicorn deployment has threads."""

NAMED = head("POST", "/authors", HOST, JSON, "X-Request-ID: half")[:-2]

HALVES = {
    "half a request line": LIVE[:10],
    "half a head": LIVE[:-2],
    "no body": NAMED + b"Content-Length: 2\r\n\r\n",
    "half a body": NAMED + b"Content-Length: 2\r\n\r\n{",
    "half a chunk": NAMED + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{",
    "a HEAD": LIVE.replace(b"GET", b"HEAD")[:-2],
}


@pytest.mark.long
def test_half_a_request_is_answered_when_the_rest_does_not_come(hosts: Hosts):
    targets = [Target.of(hosts.url(f"{adapter}-sqlite")) for adapter in ADAPTERS]

    def answer(target: Target, what: str) -> Answer:
        (found,) = exchange(target, HALVES[what], ("HEAD" if what == "a HEAD" else "GET",)).answers
        return found

    with ThreadPoolExecutor(2 * len(HALVES)) as pool:
        flask, sanic = ([pool.submit(answer, target, what) for what in HALVES] for target in targets)
        found = [_told(each.result()) for each in flask]
        assert found == [_told(each.result()) for each in sanic]

    assert {status for status, _, _ in found} == {408}
    # A request whose head was complete is logged with its own route.
    assert [("x-request-id", "half") in headers for _, headers, _ in found] == [
        message.startswith(NAMED) for message in HALVES.values()
    ]
    assert [body == b"" for _, _, body in found] == [what == "a HEAD" for what in HALVES]


NOTHING = {
    "an empty line": b"\r\n",
    "half an empty line": b"\r",
    "one after a request": head("GET", "/health/live", HOST) + b"\r\n",
}


@pytest.mark.long
def test_an_empty_line_is_nothing_that_the_rest_could_be_missing_of(hosts: Hosts):
    targets = [Target.of(hosts.url(f"{adapter}-sqlite")) for adapter in ADAPTERS]

    with ThreadPoolExecutor(2 * len(NOTHING)) as pool:
        flask, sanic = ([pool.submit(_all, target, message) for message in NOTHING.values()] for target in targets)
        found = [each.result().count(b"HTTP/1.1 ") for each in flask]
        assert found == [each.result().count(b"HTTP/1.1 ") for each in sanic]

    assert found == [0, 0, 1]


def _all(target: Target, message: bytes) -> bytes:
    with connect(target) as connection:
        connection.sendall(message)
        return b"".join(iter(lambda: connection.recv(65536), b""))


def _told(answer: Answer) -> tuple[int, list[tuple[str, str]], bytes]:
    made = [("x-request-id", value) for name, value in answer.headers if name == "x-request-id" and len(value) == 32]
    return answer.status, [each for each in answer.headers if each[0] != "date" and each not in made], answer.body


@pytest.mark.parametrize("adapter", ADAPTERS)
@pytest.mark.parametrize("what", HALVES)
def test_clients_that_stop_half_way_delay_no_other(hosts: Hosts, adapter: str, what: str):
    target = Target.of(hosts.url(f"{adapter}-sqlite"))

    until(lambda: _answered_before(target, [_sent(connect(target), HALVES[what]) for _ in range(MANY)]))


def _answered_before(
    target: Target, clients: list[socket.socket], read: Callable[[socket.socket], object] | None = None
) -> bool:
    """Return whether another client is served while the server keeps all of these clients, without responding to them.

    read: what each has read of a response before. The server limits their time, and a machine may be too slow to serve
    the other client within it: then the result is False.
    """
    with ExitStack() as stack:
        for client in clients:
            stack.enter_context(client)
        for client in clients if read else []:
            read(client)
        assert exchange(target, LIVE, ("GET",)).answers[0].status == 200
        told = select.select(clients, [], [], 0)[0] if read is None else []
        return held(target, clients) == len(clients) and not told


def _sent(client: socket.socket, message: bytes) -> socket.socket:
    client.sendall(message)
    return client


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_clients_that_do_not_close_delay_no_other(hosts: Hosts, adapter: str):
    target = Target.of(hosts.url(f"{adapter}-sqlite"))

    def read(client: socket.socket) -> None:
        assert b"".join(iter(lambda: client.recv(65536), b"")).startswith(b"HTTP/1.1 200 OK\r\n")

    # If each took LINGER of a thread, the first would time out before the last is served.
    many = 60 if adapter == "flask" else MANY
    until(lambda: _answered_before(target, [_sent(connect(target), LIVE) for _ in range(many)], read))


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_clients_that_send_after_the_last_response_delay_no_other(hosts: Hosts, adapter: str):
    target = Target.of(hosts.url(f"{adapter}-sqlite"))
    with ExitStack() as stack:
        # Equal numbers of each, so that every gunicorn worker has clients of both kinds.
        late, others = ([stack.enter_context(connect(target)) for _ in range(many)] for many in (400, MANY))
        for client in late:
            client.sendall(b"bad\r\n\r\n")
            assert client.recv(65536).startswith(b"HTTP/1.1 400 ")
        time.sleep(LINGER_TIMEOUT + 0.3)
        for client in late:
            with suppress(OSError):
                client.sendall(b"x")
        time.sleep(0.3)

        # If one of gunicorn's two workers waited for each of its clients, the probe would time out.
        assert 400 / 2 * LINGER_TIMEOUT > PATIENCE
        for client in others:
            client.sendall(LIVE)
        assert all(client.recv(65536).startswith(b"HTTP/1.1 200 ") for client in others)


@pytest.mark.unsampled
@pytest.mark.long
def test_a_head_that_comes_letter_by_letter_has_its_time_and_no_more(hosts: Hosts):
    def letters(adapter: str) -> int:
        """Return how many letters arrive, one a second, until the server times the client out."""
        with connect(Target.of(hosts.url(f"{adapter}-sqlite"))) as client:
            client.settimeout(1)
            begin = time.monotonic()
            client.sendall(LIVE[:10])
            for number in range(REQUEST_TIMEOUT):
                client.sendall(b"x")
                with suppress(TimeoutError):
                    assert client.recv(65536).startswith(b"HTTP/1.1 408 ")
                    assert time.monotonic() - begin > HEAD_TIMEOUT
                    return number
        return REQUEST_TIMEOUT

    with ThreadPoolExecutor(2) as pool:
        assert all(found < REQUEST_TIMEOUT / 2 for found in pool.map(letters, ADAPTERS))


# Clients that send a lot


FLOODS = {
    "requests for nothing": head("GET", "/nothing", HOST) * 10_000 + LIVE,
    "requests": head("GET", "/health/live", HOST) * 10_000 + LIVE,
    "chunks of one byte": head("POST", "/authors", HOST, JSON, "Transfer-Encoding: chunked") + b"1\r\nx\r\n" * 500_000,
}


@pytest.mark.long
@pytest.mark.parametrize("adapter", ADAPTERS)
@pytest.mark.parametrize("what", FLOODS)
def test_clients_that_send_much_delay_no_other(hosts: Hosts, adapter: str, what: str):
    target = Target.of(hosts.url(f"{adapter}-sqlite"))
    read = [0]
    with ThreadPoolExecutor(2) as pool, connect(target) as client:
        sending, reading = pool.submit(_flood, client, FLOODS[what]), pool.submit(_read, client, read)
        most = 0
        while not (sending.done() and reading.done()):
            before = read[0]
            assert exchange(target, LIVE, ("GET",)).answers[0].status == 200
            most = max(most, read[0] - before)

    assert reading.result() > 0
    # Pipelined requests are served in turn with other clients. Chunks of one body are read at once.
    assert what == "chunks of one byte" or most < reading.result() / 2


def _flood(client: socket.socket, message: bytes) -> None:
    with suppress(OSError):
        client.sendall(message)


def _read(client: socket.socket, so_far: list[int] | None = None) -> int:
    """Return how many bytes arrive. so_far: updated meanwhile."""
    count = so_far or [0]
    with suppress(ConnectionResetError):
        while piece := client.recv(2**20):
            count[0] += len(piece)
    return count[0]


# Clients that do not read

LARGE = 700
"""Books in a large response: of those of MANY // 2 clients, a worker keeps less than one client may have."""


@pytest.fixture(scope="module")
def large(hosts: Hosts) -> Iterator[bytes]:
    """Return a request whose response exceeds all socket buffers."""
    with patient.Client(base_url=hosts.url("flask-sqlite")) as api:
        author = make_author(api)
        books = [{"title": "Large", "author_id": author["id"], "description": "x " * 4999 + "x"} for _ in range(LARGE)]
        ids = [
            book["id"] for book in api.post("/books/batch", json={"items": books}).raise_for_status().json()["items"]
        ]
        yield head("GET", f"/authors/{author['id']}/books?pageSize=1000", HOST, CLOSE)
        api.request("DELETE", "/books/batch", json={"ids": ids}).raise_for_status()


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_clients_that_do_not_read_delay_no_other(hosts: Hosts, large: bytes, adapter: str):
    target = Target.of(hosts.url(f"{adapter}-sqlite"))

    def read(client: socket.socket) -> None:
        assert client.recv(1)

    until(lambda: _answered_before(target, [unread(target, large) for _ in range(MANY // 2)], read))


@pytest.mark.unsampled
@pytest.mark.long
def test_an_answer_waits_for_its_client_and_not_for_ever(hosts: Hosts, large: bytes):
    def slow(adapter: str) -> bool:
        """Return whether a client that reads slowly gets everything; False also where the machine is too slow."""
        begin = time.monotonic()
        with unread(Target.of(hosts.url(f"{adapter}-sqlite")), large) as client:
            time.sleep(WRITE_TIMEOUT - 2)
            whole = _read(client) > LARGE * 10_000
        assert whole or time.monotonic() - begin > WRITE_TIMEOUT
        return whole

    def lost(adapter: str) -> bool:
        """Return whether a client that does not read is disconnected."""
        target = Target.of(hosts.url(f"{adapter}-sqlite"))
        begin = time.monotonic()
        with unread(target, large) as client:
            assert client.recv(1)
            until(lambda: not held(target, [client]))
            assert time.monotonic() - begin > WRITE_TIMEOUT
            return _read(client) < LARGE * 10_000

    with ThreadPoolExecutor(4) as pool:
        found = [pool.submit(until, partial(slow, adapter)) for adapter in ADAPTERS]
        found += [pool.submit(lost, adapter) for adapter in ADAPTERS]
        assert all(each.result() for each in found)
