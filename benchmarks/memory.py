"""`make bench-start`: the import time of each adapter, and whether its worker's memory stays level.

A single worker is sent reads and writes in turn, and its resident memory is read at intervals. The import time is the
processor time of a new interpreter.
"""

# ruff: noqa: S603 - the commands are constants of this file

from __future__ import annotations

import os
import platform
import resource
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import psutil
import psycopg

from benchmarks.growth import CHANCE, RARE, fill, migrate, name
from benchmarks.load import load, program
from tests.support.databases import ROOT, environment
from tests.support.deployments import ADAPTERS, command, free_port, server
from tests.support.pages import write
from tests.support.postgresql import postgresql

COMMAND = "make bench-start"
BOOKS, AUTHORS = 10_000, 1_000
STAGES = [int(stage) for stage in os.environ.get("STAGES", "10000,50000,100000").split(",")]
"""Numbers of requests after which memory is read."""

LEVEL = 1.05
"""The most memory after the last requests, as a multiple of that after the first."""

STARTS = 7
SECONDS = 1.0
"""The longest allowed import time."""


@dataclass(frozen=True, slots=True)
class Measured:
    """An adapter's import time in processor seconds, and its worker's memory in bytes after each of STAGES."""

    adapter: str
    seconds: float
    memory: list[int]

    @property
    def growth(self) -> float:
        """The memory after the last requests as a multiple of that after the first."""
        return self.memory[-1] / self.memory[0]


def started(adapter: str) -> float:
    """Return the least processor seconds of a new interpreter to import an adapter."""
    taken = []
    for _ in range(STARTS):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, "-c", f"import {adapter}_app"], cwd=ROOT, env=environment(), check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        taken.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return min(taken)


def requests(url: str) -> Iterator[tuple[str, str, Any]]:
    """Yield method, path and body: five reads for each two writes, of many rows."""
    with psycopg.connect(url) as connection:
        books = [row[0] for row in connection.execute("SELECT id FROM book ORDER BY random() LIMIT 3000")]
        authors = [row[0] for row in connection.execute("SELECT id FROM author")]
    for number, book in enumerate(books):
        yield "GET", f"/books/{book}?include=tags,contributors", None
        yield "GET", f"/authors/{CHANCE.choice(authors)}", None
        yield "GET", f"/books?currentPage={number % 50 + 1}&pageSize=20&orderBy=title&languageIn=fr", None
        yield "GET", f"/books?q={name(1)}&total=false", None
        yield "GET", f"/books?searchString={RARE[:3]}&pageSize=5&total=false", None
        yield "PATCH", f"/books/{book}", {"year": number % 2000, "description": name(20)}
        yield "POST", "/books", {"title": name(5).title(), "author_id": CHANCE.choice(authors)}


def worker(process: subprocess.Popen[bytes]) -> psutil.Process:
    """Return the process of a server that serves the requests."""
    children = psutil.Process(process.pid).children(recursive=True)
    return max(children, key=lambda each: sum(each.cpu_times()[:2]))


def measure(adapter: str, url: str, file: Path) -> Measured:
    """Import, start and load an adapter. Errors: RuntimeError for an error response."""
    seconds, port = started(adapter), free_port()
    address, memory, sent = f"http://127.0.0.1:{port}", [], 0
    of_one = server(command(adapter, port), address, DATABASE_URL=url, FLASK_PORT=str(port), DIPTYCH_WORKERS="1")
    with of_one as process:
        for stage in STAGES:
            while sent < stage:
                loaded = load(address, file, 2, sent % 20_000)
                if loaded.refused or loaded.unanswered or not loaded.requests:
                    raise RuntimeError(f"{adapter}: {loaded.refused} refused, {loaded.unanswered} not answered")
                sent += loaded.requests
            memory.append(worker(process).memory_info().rss)
            print(f"{adapter}: {memory[-1] / 1e6:.1f} MB after {sent:,} requests", flush=True)
    return Measured(adapter, seconds, memory)


def markdown(found: list[Measured], version: str) -> str:
    """Return the Markdown for the page."""
    lines = [
        f"| | import | {' | '.join(f'{stage:,} requests' for stage in STAGES)} | last by first |",
        f"|---|---:|{'---:|' * len(STAGES)}---:|",
        *(
            f"| {each.adapter} | {each.seconds:.2f} s | {' | '.join(f'{size / 1e6:.1f} MB' for size in each.memory)}"
            f" | {each.growth:.2f} |"
            for each in found
        ),
    ]
    machine = f"{platform.system()} on {os.cpu_count()} cores, Python {platform.python_version()}"
    return "\n".join(lines) + f"\n\n{datetime.now(UTC):%Y-%m-%d}, {machine}, PostgreSQL {version}.\n"


def main() -> int:
    """Measure, print and write the figures; return 1 where an import takes too long, or memory grows too much."""
    program()
    with tempfile.TemporaryDirectory() as directory, postgresql(Path(directory) / "files") as database:
        url, file = str(database.get_uri()), Path(directory) / "requests"
        migrate(url, "head")
        fill(url, BOOKS, AUTHORS)
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("VACUUM ANALYZE")
            version = connection.execute("SHOW server_version").fetchone()[0]  # type: ignore[index]
        with file.open("wb") as lines:
            for method, path, body in requests(url):
                content = b"" if body is None else msgspec.json.encode(body)
                lines.write(f"{method}\t{path}\t\t".encode() + content + b"\n")
        found = [measure(adapter, url, file) for adapter in ADAPTERS]
    text = markdown(found, version)
    print(f"\n{text}")
    if "STAGES" not in os.environ:
        write(ROOT / "docs" / "performance.md", COMMAND, text)
    faults = [f"{each.adapter}: its import takes {each.seconds:.2f} s" for each in found if each.seconds > SECONDS]
    faults += [f"{each.adapter}: memory has grown {each.growth:.2f} times" for each in found if each.growth > LEVEL]
    for fault in faults:
        print(fault, file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    # Turn SIGTERM into an exception, so that no server is left running.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    sys.exit(main())
