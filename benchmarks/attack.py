"""`make attack`: how long probes and ordinary requests wait while clients do their worst.

An adapter with two workers, on 10,000 books, is sent the most expensive reads by sixteen clients, heads that come byte
by byte on 700 connections, and both. Meanwhile a prober, on a new connection each time, measures.
"""

from __future__ import annotations

import http.client
import multiprocessing
import os
import platform
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.growth import COMMON, made
from benchmarks.load import program
from tests.support.databases import ROOT
from tests.support.deployments import ADAPTERS, command, free_port, server
from tests.support.pages import write
from tests.support.postgresql import postgresql

COMMAND = "make attack"
SECONDS = float(os.environ.get("SECONDS", "10"))
"""Seconds of each attack."""

READERS, SLOW = 16, 700
EXPENSIVE = f"/books?q={COMMON[:3]}*&include=tags,contributors&pageSize=1000"
PAUSE = 2.0
"""Seconds between two bytes of a slow client."""

PROBES = ("/health/live", "/health/ready", "/metrics", "/tags?pageSize=1")
INTERVAL = 0.02
AIM = 0.1
"""Seconds: the 99th percentile of liveness that is aimed at."""


@dataclass(frozen=True, slots=True)
class Waited:
    """Seconds that requests for one path took under an attack, and how many were not answered as they should be."""

    adapter: str
    attack: str
    path: str
    seconds: Sequence[float]
    failed: int

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
    """Send heads byte by byte, in a process of their own."""
    process = multiprocessing.get_context("spawn").Process(target=_send_slowly, args=(port,), daemon=True)
    process.start()
    try:
        yield
    finally:
        process.kill()
        process.join()


def _send_slowly(port: int) -> None:
    clients: list[socket.socket] = []
    while True:
        while len(clients) < SLOW:
            with suppress(OSError):
                clients.append(socket.create_connection(("127.0.0.1", port), timeout=5))
        for client in [*clients]:
            try:
                client.sendall(b"G")
            except OSError:
                # The server has given up on it: another one comes.
                clients.remove(client)
                client.close()
        time.sleep(PAUSE)


ATTACKS: dict[str, Sequence[Callable[[int], AbstractContextManager[None]]]] = {
    "none": (),
    f"{READERS} clients with expensive reads": (readers,),
    f"{SLOW} clients, a byte every two seconds": (slow_clients,),
    "both": (readers, slow_clients),
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


def measure(adapter: str, port: int) -> Iterator[Waited]:
    """Attack a deployment in each way, and measure."""
    for attack, kinds in ATTACKS.items():
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
        for path, measured in found.items():
            waited = Waited(
                adapter, attack, path, [each for each, _ in measured], sum(not fine for _, fine in measured)
            )
            print(f"{adapter}: {attack}: {path}: {waited.at(0.99):.0f} ms, {waited.at(1):.0f} ms", flush=True)
            yield waited


def markdown(found: Sequence[Waited]) -> str:
    """Return the Markdown for the page: the 99th percentile and the slowest, in milliseconds."""
    lines = [
        f"| adapter | attack |{''.join(f' `{path}` |' for path in PROBES)}",
        f"|---|---|{'---:|' * len(PROBES)}",
    ]
    for adapter in ADAPTERS:
        for attack in ATTACKS:
            cells = [_cell(each) for each in found if (each.adapter, each.attack) == (adapter, attack)]
            lines.append(f"| {adapter} | {attack} | {' | '.join(cells)} |")
    machine = f"{platform.system()} on {os.cpu_count()} cores, which the clients use as well"
    return (
        "\n".join([*lines, "", f"{datetime.now(UTC):%Y-%m-%d}, {machine}, Python {platform.python_version()}."]) + "\n"
    )


def _cell(waited: Waited) -> str:
    refused = f", {waited.failed} of {len(waited.seconds)} not 200" if waited.failed else ""
    return f"{waited.at(0.99):.0f}, {waited.at(1):.0f}{refused}"


def main() -> int:
    """Attack both adapters, print and write the figures; return 1 where liveness was not answered."""
    found: list[Waited] = []
    with tempfile.TemporaryDirectory() as directory, postgresql(Path(directory) / "files") as database:
        url, _ = made(database, "small")
        for adapter in ADAPTERS:
            port = free_port()
            workers = ["--workers", "2"] if adapter == "sanic" else []
            started = server(
                [*command(adapter, port), *workers],
                f"http://127.0.0.1:{port}",
                DATABASE_URL=url,
                FLASK_PORT=str(port),
                DIPTYCH_REQUEST_TIMEOUT="10",
            )
            with started:
                found += measure(adapter, port)
    text = markdown(found)
    print(f"\n{text}")
    if "SECONDS" not in os.environ:
        write(ROOT / "docs" / "reliability.md", COMMAND, text)
    late = [each for each in found if each.path == "/health/live" and each.at(0.99) > 1000 * AIM]
    for each in late:
        print(
            f"{each.adapter}, {each.attack}: {each.path} took {each.at(0.99):.0f} ms (99th percentile)", file=sys.stderr
        )
    return 1 if any(each.failed for each in found if each.path == "/health/live") else 0


if __name__ == "__main__":
    # Turn SIGTERM into an exception, so that no server is left running.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    sys.exit(main())
