"""Clients that stop half-way, and clients that do not go: they get an answer, and nobody waits for them."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest

from tests.support.deployments import ADAPTERS
from tests.support.hosts import Hosts
from tests.support.wire import Answer, Target, connect, exchange
from tests.wire.case import CLOSE, HOST, JSON, head

LIVE = head("GET", "/health/live", HOST, CLOSE)
MANY = 24
"""More than there are threads in a deployment of gunicorn's."""

HALVES = {
    "half a request line": LIVE[:10],
    "half a head": LIVE[:-2],
    "no body": head("POST", "/authors", HOST, JSON, "Content-Length: 2"),
    "half a body": head("POST", "/authors", HOST, JSON, "Content-Length: 2") + b"{",
    "half a chunk": head("POST", "/authors", HOST, JSON, "Transfer-Encoding: chunked") + b"2\r\n{",
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
    assert [body == b"" for _, _, body in found] == [what == "a HEAD" for what in HALVES]


def _told(answer: Answer) -> tuple[int, list[tuple[str, str]], bytes]:
    return answer.status, [each for each in answer.headers if each[0] != "date"], answer.body


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
    assert time.monotonic() - begin < 2


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
    assert time.monotonic() - begin < 1
