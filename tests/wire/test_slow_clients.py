"""Clients that stop half-way, do not read, or do not go: they get what they can, and nobody waits for them."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress

import httpx
import pytest

from diptych.core.http.wire.timeouts import HEAD, LINGER, PAUSE, TAKING
from tests.contract.making import make_author
from tests.support.deployments import ADAPTERS
from tests.support.hosts import Hosts
from tests.support.wire import Answer, Target, connect, exchange
from tests.wire.case import CLOSE, HOST, JSON, head

LIVE = head("GET", "/health/live", HOST, CLOSE)
MANY = 24
"""More than there are threads in a deployment of gunicorn's."""

NAMED = head("POST", "/authors", HOST, JSON, "X-Request-ID: half")[:-2]

HALVES = {
    "half a request line": LIVE[:10],
    "half a head": LIVE[:-2],
    "no body": NAMED + b"Content-Length: 2\r\n\r\n",
    "half a body": NAMED + b"Content-Length: 2\r\n\r\n{",
    "half a chunk": NAMED + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{",
    "a HEAD": LIVE.replace(b"GET", b"HEAD")[:-2],
}


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
    # Whose head was there are known by their own names.
    assert [("x-request-id", "half") in headers for _, headers, _ in found] == [
        message.startswith(NAMED) for message in HALVES.values()
    ]
    assert [body == b"" for _, _, body in found] == [what == "a HEAD" for what in HALVES]


NOTHING = {
    "an empty line": b"\r\n",
    "half an empty line": b"\r",
    "one after a request": head("GET", "/health/live", HOST) + b"\r\n",
}


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
def test_nobody_waits_for_clients_that_stop_half_way(hosts: Hosts, adapter: str, what: str):
    target = Target.of(hosts.url(f"{adapter}-sqlite"))
    with ExitStack() as stack:
        for _ in range(MANY):
            stack.enter_context(connect(target)).sendall(HALVES[what])

        begin = time.monotonic()
        answered = exchange(target, LIVE, ("GET",)).answers[0].status

    assert answered == 200
    assert time.monotonic() - begin < PAUSE - 1


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_nobody_waits_for_clients_that_do_not_go(hosts: Hosts, adapter: str):
    target = Target.of(hosts.url(f"{adapter}-sqlite"))
    with ExitStack() as stack:
        for _ in range(MANY):
            client = stack.enter_context(connect(target))
            client.sendall(LIVE)
            assert b"".join(iter(lambda client=client: client.recv(65536), b"")).startswith(b"HTTP/1.1 200 OK\r\n")

        begin = time.monotonic()
        answered = exchange(target, LIVE, ("GET",)).answers[0].status

    assert answered == 200
    assert time.monotonic() - begin < LINGER


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_nobody_waits_for_clients_that_speak_after_the_end(hosts: Hosts, adapter: str):
    target = Target.of(hosts.url(f"{adapter}-sqlite"))
    with ExitStack() as stack:
        # As many of each: whichever of gunicorn's workers has the first kind has some of the second, too.
        late, others = ([stack.enter_context(connect(target)) for _ in range(MANY)] for _ in range(2))
        for client in late:
            client.sendall(b"bad\r\n\r\n")
            assert client.recv(65536).startswith(b"HTTP/1.1 400 ")
        time.sleep(LINGER + 0.3)
        for client in late:
            with suppress(OSError):
                client.sendall(b"x")
        time.sleep(0.3)

        begin = time.monotonic()
        for client in others:
            client.sendall(LIVE)
        assert all(client.recv(65536).startswith(b"HTTP/1.1 200 ") for client in others)
        assert time.monotonic() - begin < LINGER


def test_a_head_that_comes_letter_by_letter_has_its_time_and_no_more(hosts: Hosts):
    def seconds(adapter: str) -> float:
        with connect(Target.of(hosts.url(f"{adapter}-sqlite"))) as client:
            client.settimeout(1)
            client.sendall(LIVE[:10])
            begin = time.monotonic()
            while time.monotonic() < begin + 2 * HEAD:
                client.sendall(b"x")
                with suppress(TimeoutError):
                    assert client.recv(65536).startswith(b"HTTP/1.1 408 ")
                    break
            return time.monotonic() - begin

    with ThreadPoolExecutor(2) as pool:
        assert all(HEAD < found < HEAD + 3 for found in pool.map(seconds, ADAPTERS))


# Clients that send much


FLOODS = {
    "requests for nothing": head("GET", "/nothing", HOST) * 10_000 + LIVE,
    "requests": head("GET", "/health/live", HOST) * 10_000 + LIVE,
    "chunks of one byte": head("POST", "/authors", HOST, JSON, "Transfer-Encoding: chunked") + b"1\r\nx\r\n" * 500_000,
}


@pytest.mark.parametrize("adapter", ADAPTERS)
@pytest.mark.parametrize("what", FLOODS)
def test_nobody_waits_for_clients_that_send_much(hosts: Hosts, adapter: str, what: str):
    target = Target.of(hosts.url(f"{adapter}-sqlite"))
    with ThreadPoolExecutor(2) as pool, connect(target) as client:
        sending, reading = pool.submit(_sent, client, FLOODS[what]), pool.submit(_read, client)
        longest = 0.0
        while not (sending.done() and reading.done()):
            begin = time.monotonic()
            assert exchange(target, LIVE, ("GET",)).answers[0].status == 200
            longest = max(longest, time.monotonic() - begin)

    assert reading.result() > 0
    assert longest < 1


def _sent(client: socket.socket, message: bytes) -> None:
    with suppress(OSError):
        client.sendall(message)


def _read(client: socket.socket) -> int:
    count = 0
    with suppress(ConnectionResetError):
        count = sum(map(len, iter(lambda: client.recv(2**20), b"")))
    return count


# Clients that do not read


@pytest.fixture(scope="module")
def large(hosts: Hosts) -> Iterator[bytes]:
    """A request for more than fits between a server and its client."""
    with httpx.Client(base_url=hosts.url("flask-sqlite"), timeout=30) as api:
        author = make_author(api)
        books = [{"title": "Large", "author_id": author["id"], "description": "x " * 4999 + "x"} for _ in range(800)]
        ids = [
            book["id"] for book in api.post("/books/batch", json={"items": books}).raise_for_status().json()["items"]
        ]
        yield head("GET", f"/authors/{author['id']}/books?pageSize=1000", HOST, CLOSE)
        api.request("DELETE", "/books/batch", json={"ids": ids}).raise_for_status()


def _unread(target: Target, message: bytes) -> socket.socket:
    """A connection with a request on it whose answer is not read, and little room for it."""
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.settimeout(10)
    client.connect((target.host, target.port))
    client.sendall(message)
    return client


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_nobody_waits_for_clients_that_do_not_read(hosts: Hosts, large: bytes, adapter: str):
    target = Target.of(hosts.url(f"{adapter}-sqlite"))
    with ExitStack() as stack:
        clients = [stack.enter_context(_unread(target, large)) for _ in range(MANY)]
        for client in clients:
            client.recv(1)

        begin = time.monotonic()
        answered = exchange(target, LIVE, ("GET",)).answers[0].status

    assert answered == 200
    assert time.monotonic() - begin < TAKING / 2


def test_an_answer_waits_for_its_client_and_not_for_ever(hosts: Hosts, large: bytes):
    def read_after(seconds: float, adapter: str) -> int:
        with _unread(Target.of(hosts.url(f"{adapter}-sqlite")), large) as client:
            time.sleep(seconds)
            return _read(client)

    with ThreadPoolExecutor(4) as pool:
        slow, lost = (
            [pool.submit(read_after, seconds, adapter) for adapter in ADAPTERS] for seconds in (TAKING - 2, TAKING + 3)
        )
        assert all(each.result() > 800 * 10_000 for each in slow)
        assert all(each.result() < 800 * 10_000 for each in lost)
