"""Clients that take what others need: how long probes and ordinary requests wait, and how much memory they cost.

An adapter with two workers, on 10,000 books. Meanwhile a prober, on a new connection each time, measures.
"""

from __future__ import annotations

import http.client
import multiprocessing
import os
import socket
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.synchronize import Event
from typing import Any

import psutil

from benchmarks.growth import COMMON, made
from benchmarks.load import program
from tests.support import patient
from tests.support.deployments import ADAPTERS, command, free_port, server

SHORT = "SECONDS" in os.environ
SECONDS = float(os.environ.get("SECONDS", "10"))
"""Seconds of each attack."""

READERS, SLOW, GREEDY = 16, 700, 100
EXPENSIVE = f"/books?q={COMMON[:3]}*&include=tags,contributors&pageSize=1000"
PAUSE = 2.0
"""Seconds between two bytes of a slow client."""

MAX_BODY = 8 * 2**20
LARGE = "/books?q=attacker&pageSize=1000"
"""A list of ten megabytes, more than sockets take."""

PROBES = ("/health/live", "/health/ready", "/metrics", "/tags?pageSize=1")
INTERVAL = 0.02
AIM = 0.1
"""Seconds: the 99th percentile of liveness that is aimed at."""


@dataclass(frozen=True, slots=True)
class Waited:
    """Seconds that requests for one path took under an attack, and how many were not answered as they should be.

    memory: bytes that all workers had at most.
    """

    adapter: str
    attack: str
    path: str
    seconds: Sequence[float]
    failed: int
    memory: int

    def at(self, share: float) -> float:
        """Return a percentile in milliseconds; of the slowest for 1."""
        ordered = sorted(self.seconds)
        return 1000 * ordered[min(len(ordered) - 1, int(len(ordered) * share))]


@contextmanager
def readers(port: int) -> Iterator[None]:
    """Send the most expensive reads."""
    wrk = [program(), "--threads", "1", "--connections", str(READERS), "--duration", "600s", "--timeout", "60s"]
    process = subprocess.Popen(  # noqa: S603 - our own command
        [*wrk, f"http://127.0.0.1:{port}{EXPENSIVE}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        yield
    finally:
        process.kill()
        process.wait()


@contextmanager
def slow_clients(port: int) -> Iterator[None]:
    """Send heads byte by byte."""
    with in_process(_send_slowly, port):
        yield


@contextmanager
def connecting(port: int) -> Iterator[None]:
    """Open connections as fast as two clients can."""
    with in_process(_connect, port), in_process(_connect, port):
        yield


@contextmanager
def in_process(target: Callable[..., None], *arguments: Any) -> Iterator[None]:
    """Run a function in a process of its own; it gets an event as well, which it sets when its clients have connected.

    Connecting takes a moment in which everybody waits: `connecting` measures that.
    """
    context = multiprocessing.get_context("spawn")
    connected = context.Event()
    process = context.Process(target=target, args=(connected, *arguments), daemon=True)
    process.start()
    try:
        if not connected.wait(60):
            raise TimeoutError(f"{target.__name__} has not connected")
        yield
    finally:
        process.kill()
        process.join()


def _connect(connected: Event, port: int) -> None:
    connected.set()
    clients: deque[socket.socket] = deque()
    while True:
        clients.append(socket.create_connection(("127.0.0.1", port), timeout=5))
        if len(clients) > GREEDY:
            clients.popleft().close()


def _send_slowly(connected: Event, port: int) -> None:
    clients: list[socket.socket] = []
    while True:
        while len(clients) < SLOW:
            with suppress(OSError):
                clients.append(socket.create_connection(("127.0.0.1", port), timeout=5))
        connected.set()
        for client in [*clients]:
            try:
                client.sendall(b"G")
            except OSError:
                # The server has given up on it: another one comes.
                clients.remove(client)
                client.close()
        time.sleep(PAUSE)


@contextmanager
def uploads(port: int) -> Iterator[None]:
    """Send as much as a body may have, but its last byte."""
    head = f"POST /tags HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {MAX_BODY}\r\n\r\n"
    with in_process(_send_and_wait, port, head.encode() + b" " * (MAX_BODY - 1)):
        yield


@contextmanager
def unread_answers(port: int) -> Iterator[None]:
    """Ask for the largest answer, and do not read it."""
    with in_process(_send_and_wait, port, f"GET {LARGE} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode()):
        yield


def _send_and_wait(connected: Event, port: int, message: bytes) -> None:
    """Send a message on each of GREEDY connections, and again whenever the server has closed one."""
    clients: dict[socket.socket, bytes] = {}
    while True:
        while len(clients) < GREEDY:
            with suppress(OSError):
                client = socket.socket()
                client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
                client.connect(("127.0.0.1", port))
                client.setblocking(False)
                clients[client] = message
        connected.set()
        for client, rest in [*clients.items()]:
            try:
                clients[client] = rest[client.send(rest) :] if rest else rest
            except BlockingIOError:
                continue
            except OSError:
                del clients[client]
                client.close()
        time.sleep(0.05)


ATTACKS: dict[str, Sequence[Callable[[int], AbstractContextManager[None]]]] = {
    "none": (),
    f"{READERS} clients with expensive reads": (readers,),
    f"{SLOW} clients, a byte every two seconds": (slow_clients,),
    "both": (readers, slow_clients),
    "connections as fast as two clients open them": (connecting,),
    f"{GREEDY} clients that do not end a body of 8 MiB": (uploads,),
    f"{GREEDY} clients that do not read an answer of 10 MB": (unread_answers,),
}


def ask(port: int, path: str) -> tuple[float, bool]:
    """Return the seconds that a request on a new connection takes, and whether it is answered 200."""
    began = time.monotonic()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        response.read()
        fine = response.status == http.client.OK
    except (OSError, http.client.HTTPException):
        fine = False
    finally:
        connection.close()
    return time.monotonic() - began, fine


class Memory(threading.Thread):
    """The most memory that the processes of a service have at once, read twenty times a second."""

    def __init__(self, process: psutil.Process) -> None:
        super().__init__(daemon=True)
        self._processes = [process, *process.children(recursive=True)]
        self._ended = threading.Event()
        self.most = 0

    def run(self) -> None:
        """Read until `end`."""
        while not self._ended.wait(0.05):
            self.most = max(self.most, sum(each.memory_info().rss for each in self._processes))

    def end(self) -> int:
        """Return the bytes."""
        self._ended.set()
        self.join()
        return self.most


def measure(adapter: str, port: int, process: psutil.Process) -> Iterator[Waited]:
    """Attack a deployment in each way, and measure."""
    for attack, kinds in ATTACKS.items():
        memory = Memory(process)
        memory.start()
        with ExitStack() as stack:
            for kind in kinds:
                stack.enter_context(kind(port))
            time.sleep(PAUSE)
            found: dict[str, list[tuple[float, bool]]] = {path: [] for path in PROBES}
            end = time.monotonic() + SECONDS
            while time.monotonic() < end:
                for path, measured in found.items():
                    measured.append(ask(port, path))
                    time.sleep(INTERVAL)
        most = memory.end()
        for path, measured in found.items():
            seconds = [each for each, _ in measured]
            waited = Waited(adapter, attack, path, seconds, sum(not fine for _, fine in measured), most)
            print(f"{adapter}: {attack}: {path}: {waited.at(0.99):.0f} ms, {waited.at(1):.0f} ms", flush=True)
            yield waited


def attack(database: Any) -> Iterator[Waited]:
    """Attack both adapters, on one catalogue."""
    url, _ = made(database, "small")
    for adapter in ADAPTERS:
        port = free_port()
        address = f"http://127.0.0.1:{port}"
        workers = ["--workers", "2"] if adapter == "sanic" else []
        started = server(
            [*command(adapter, port), *workers],
            address,
            DATABASE_URL=url,
            FLASK_PORT=str(port),
            DIPTYCH_REQUEST_TIMEOUT="10",
        )
        with started as process:
            _add_large_list(address)
            yield from measure(adapter, port, psutil.Process(process.pid))


def _add_large_list(address: str) -> None:
    """Create the books of LARGE, unless they exist."""
    with patient.Client(base_url=address) as api:
        if api.get(LARGE).raise_for_status().json()["items"]:
            return
        author = api.post("/authors", json={"name": "Attacker"}).raise_for_status().json()
        book = {"title": "Attacker", "author_id": author["id"], "description": "x " * 4999 + "x"}
        for _ in range(10):
            api.post("/books/batch", json={"items": [book] * 100}).raise_for_status()


def markdown(found: Sequence[Waited]) -> str:
    """Return the Markdown for the page: the 99th percentile and the slowest, in milliseconds, and memory."""
    lines = [
        f"| adapter | attack |{''.join(f' `{path}` |' for path in PROBES)} memory |",
        f"|---|---|{'---:|' * (len(PROBES) + 1)}",
    ]
    for adapter in ADAPTERS:
        for attack in ATTACKS:
            of_one = [each for each in found if (each.adapter, each.attack) == (adapter, attack)]
            cells = [*map(_cell, of_one), f"{of_one[0].memory / 1e6:.0f} MB"]
            lines.append(f"| {adapter} | {attack} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _cell(waited: Waited) -> str:
    refused = f", {waited.failed} of {len(waited.seconds)} not 200" if waited.failed else ""
    return f"{waited.at(0.99):.0f}, {waited.at(1):.0f}{refused}"


def faults(found: Sequence[Waited]) -> list[str]:
    """Return where liveness was not answered, and print where it took longer than is aimed at."""
    live = [each for each in found if each.path == PROBES[0]]
    for each in live:
        if each.at(0.99) > 1000 * AIM:
            print(f"{each.adapter}, {each.attack}: {each.path} took {each.at(0.99):.0f} ms (99th percentile)")
    return [f"{each.adapter}, {each.attack}: {each.path} failed {each.failed} times" for each in live if each.failed]
