"""`make attack`, second part: reads during twenty slow uploads, to an adapter with one connection to the database.

Reads without uploads are measured in the same run, in turn with those during uploads, so that the two can be compared
on a machine that is busy with other work.
"""

from __future__ import annotations

import os
import platform
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any

from benchmarks.attack.result import Result, table
from benchmarks.attack.starvation import AIM, SECONDS, SHORT, ask, in_process
from benchmarks.growth import migrate
from tests.support import patient
from tests.support.databases import ROOT
from tests.support.deployments import ADAPTERS, command, free_port, server
from tests.support.pages import write
from tests.support.postgresql import postgresql

COMMAND = "make attack, uploads"
UPLOADS = 20
SIZE = 300_000
CHUNK_SIZE, PAUSE = 3000, 0.1
"""Bytes that each client sends at once, and the seconds between: ten seconds for a file."""

PHASES = 4
"""How often reads are measured without uploads, and as often during them."""

AGAIN = 2.0
"""How much longer than without uploads reads may take where those take nearly as long as is aimed at."""


def send(connected: Event, port: int, books: list[str]) -> None:
    """Upload a new file to each of these books, slowly, and again when all are there."""
    while True:
        with ExitStack() as stack:
            clients, contents = [], []
            for book in books:
                contents.append(b"GIF89a" + os.urandom(SIZE))
                clients.append(stack.enter_context(socket.create_connection(("127.0.0.1", port))))
                head = f"POST /books/{book}/files?kind=cover HTTP/1.1\r\nHost: 127.0.0.1\r\n"
                clients[-1].sendall(f"{head}Content-Length: {len(contents[-1])}\r\n\r\n".encode())
            connected.set()
            for start in range(0, len(contents[0]), CHUNK_SIZE):
                for client, content in zip(clients, contents, strict=True):
                    client.sendall(content[start : start + CHUNK_SIZE])
                time.sleep(PAUSE)
            for client in clients:
                answer = client.recv(65536)
                if not answer.startswith(b"HTTP/1.1 201 "):
                    raise RuntimeError(f"an upload was answered {answer[:200]!r}")


def read(port: int, path: str) -> list[tuple[float, bool]]:
    """Read a book again and again, for a phase; return the seconds of each, and whether it was answered."""
    found, end = [], time.monotonic() + SECONDS / 2
    while time.monotonic() < end:
        found.append(ask(port, path))
        time.sleep(0.01)
    return found


def p99(found: list[tuple[float, bool]]) -> float:
    """Return the 99th percentile, in seconds."""
    ordered = sorted(seconds for seconds, _ in found)
    return ordered[len(ordered) * 99 // 100]


def measured(adapter: str, port: int, books: list[str]) -> Result:
    """Read during uploads, and without, in turn."""
    quiet: list[tuple[float, bool]] = []
    during: list[tuple[float, bool]] = []
    for _ in range(PHASES):
        quiet += read(port, f"/books/{books[0]}")
        with in_process(send, port, books):
            during += read(port, f"/books/{books[0]}")
    failed = sum(not fine for _, fine in during)
    waited, otherwise = p99(during), p99(quiet)
    faults = [f"{adapter}: {failed} reads failed during uploads"] if failed else []
    if waited > max(AIM, AGAIN * otherwise):
        faults.append(f"{adapter}: reads took {waited * 1000:.0f} ms during uploads, {otherwise * 1000:.0f} ms without")
    outcome = (
        f"99 of 100 reads answered within {waited * 1000:.0f} ms, without uploads within {otherwise * 1000:.0f} ms;"
        f" {failed} of {len(during)} failed"
    )
    return Result(
        "slow uploads, one connection to the database", adapter, f"{UPLOADS} files at a time", outcome, faults
    )


def attack(database: Any, directory: Path) -> Iterator[Result]:
    """Upload to each adapter, with a pool of one connection."""
    url = database.get_uri()
    migrate(url, "head")
    for adapter in ADAPTERS:
        port = free_port()
        address = f"http://127.0.0.1:{port}"
        started = server(
            command(adapter, port),
            address,
            DATABASE_URL=url,
            FLASK_PORT=str(port),
            DIPTYCH_FILES=str(directory / "uploads"),
            DIPTYCH_POOL_SIZE="1",
            DIPTYCH_WORKERS="1",
            DIPTYCH_THREADS="2",
        )
        with started:
            with patient.Client(base_url=address) as api:
                rows = [{"title": f"Uploaded {number}", "author_id": None} for number in range(UPLOADS)]
                made = api.post("/books/batch", json={"items": rows}).raise_for_status().json()["items"]
            yield measured(adapter, port, [each["id"] for each in made])


def main() -> int:
    """Measure, print and write the figures; return 1 where reads waited for uploads."""
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as directory, postgresql(Path(directory) / "files") as database:
        results = list(attack(database, Path(directory)))
    machine = f"{platform.system()} on {os.cpu_count()} cores, which the clients use as well"
    made = f"{datetime.now(UTC):%Y-%m-%d}, {machine}, Python {platform.python_version()}."
    text = f"{table(results)}\n{made} Load average before the run: {load:.1f}.\n"
    print(f"\n{text}")
    if not SHORT:
        write(ROOT / "docs" / "reliability.md", COMMAND, text)
    faults = [fault for result in results for fault in result.faults]
    for fault in faults:
        print(fault, file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    # Turn SIGTERM into an exception, so that no server is left running.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    sys.exit(main())
