"""A server that is told to stop finishes what it has begun, and says so."""

from __future__ import annotations

import tempfile
import time
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, suppress

import pytest

from tests.support.databases import Databases
from tests.support.deployments import ADAPTERS, SETTLED, deployment
from tests.support.wire import Target, connect
from tests.wire.case import HOST, head

LIST = head("GET", "/authors", HOST)
CLIENTS = 8


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_connections_end_with_an_answer_that_says_so(databases: Databases, adapter: str):
    with tempfile.TemporaryFile("w+") as log, ThreadPoolExecutor(CLIENTS + 1) as pool, ExitStack() as stack:
        target = Target.of(stack.enter_context(deployment(adapter, databases.migrated("sqlite"), log=log)))
        pool.submit(_letter_by_letter, target)
        clients = [
            pool.submit(_asked_until_the_end, target, pause) for pause in (0.0, 0.7) for _ in range(CLIENTS // 2)
        ]
        time.sleep(SETTLED + 1)

        begin = time.monotonic()
        stack.close()

        assert time.monotonic() - begin < 9
        assert [_last(client) for client in clients] == [b"close"] * CLIENTS
        log.seek(0)
        assert "Traceback" not in log.read()


def _asked_until_the_end(target: Target, pause: float) -> list[bytes]:
    """What the answers on one connection said of it, asked again and again."""
    said: list[bytes] = []
    with connect(target) as connection:
        while said[-1:] != [b"close"]:
            connection.sendall(LIST)
            answer = b""
            while not answer.endswith(b"}"):
                piece = connection.recv(65536)
                assert piece, f"closed after {len(said)} answers, with {answer!r} of the next"
                answer += piece
            fields = answer.lower().partition(b"\r\n\r\n")[0].split(b"\r\n")
            said.extend(field.removeprefix(b"connection: ") for field in fields if field.startswith(b"connection: "))
            time.sleep(pause)
        assert connection.recv(1) == b""
    return said


def _letter_by_letter(target: Target) -> None:
    """A request that never ends, and never stops for long."""
    with connect(target) as connection, suppress(OSError):
        connection.sendall(LIST[:-2] + b"X: ")
        while True:
            connection.sendall(b"x")
            time.sleep(0.5)


def _last(client: Future[list[bytes]]) -> bytes:
    said = client.result()
    assert set(said[:-1]) == {b"keep-alive"}
    return said[-1]
