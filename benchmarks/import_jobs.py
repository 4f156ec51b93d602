"""`make bench-import`, fourth part: imports over HTTP, done by a worker, beside `diptych import` of the same file.

Both take turns, on databases that are migrated and empty. The rate of a job is that from its start to its end; sending
the file and its preview, which the command does not make, have columns of their own. Memory is the most that a process
has had: the worker, and of the adapter the process that had the most. BOOKS, ROUNDS and MEMORY make shorter runs, which
write nothing unless PUBLISH is set.
"""

# ruff: noqa: S603 - the commands are constants of this file

from __future__ import annotations

import csv
import http.client
import itertools
import json
import os
import platform
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil

from benchmarks.importing import Server, books, imported, peak
from tests.support.databases import DIPTYCH, ROOT, environment, run
from tests.support.deployments import ADAPTERS, command, free_port, server
from tests.support.pages import write
from tests.support.postgresql import postgresql

COMMAND = "make bench-import, over HTTP"
ROWS = int(os.environ.get("BOOKS", "50000"))
ROUNDS = int(os.environ.get("ROUNDS", "3"))
FEW, MANY = (int(size) for size in os.environ.get("MEMORY", "10000,200000").split(","))
"""Rows of the files for which memory is compared."""

LIMIT = 0.9
"""The least rate of a job, as a share of the command's."""

GROWTH = 1.1
"""The most memory of the worker for the longer file, as a multiple of that for the shorter one."""


@dataclass(frozen=True, slots=True)
class Sent:
    """One import over HTTP: seconds to send the file, of the preview, and of the import; bytes of memory.

    processor: processor seconds of the worker for the import.
    """

    sending: float
    preview: float
    importing: float
    processor: float
    worker: int
    adapter: int


@dataclass(frozen=True, slots=True)
class Compared:
    """One round: the seconds and processor seconds of the command, and the import over HTTP."""

    command: float
    processor: float
    sent: Sent

    @property
    def ratio(self) -> float:
        """The rate of the job as a share of the command's."""
        return self.command / self.sent.importing

    @property
    def processors(self) -> float:
        """The same in processor time, which other programs disturb less; without that of the database."""
        return self.processor / self.sent.processor


def written(path: Path, count: int) -> Path:
    """Write a CSV file of so many books."""
    with path.open("w", encoding="utf-8", newline="") as file:
        names = ("title", "authors", "isbn", "year", "language", "description", "tags")
        table = csv.writer(file)
        table.writerow(names)
        for book in books(count):
            row = {**book, "authors": "; ".join(book["authors"]), "tags": "; ".join(book["tags"])}
            table.writerow([row.get(name) for name in names])
    return path


class Client:
    """One connection to an adapter."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=300)

    def ask(self, method: str, path: str, body: bytes | None = None) -> Any:
        """Return the answer of a request. Errors: RuntimeError for an error response."""
        kind = "application/json" if body == b"{}" else "application/octet-stream"
        self._connection.request(method, path, body, {} if body is None else {"Content-Type": kind})
        response = self._connection.getresponse()
        content = response.read()
        if response.status >= 300:
            raise RuntimeError(f"{method} {path}: {response.status} {content[:500]!r}")
        return json.loads(content)

    def finished(self, path: str) -> Any:
        """Wait for the job of an import. Errors: RuntimeError where it has failed, or rejected rows."""
        while (job := self.ask("GET", path)["job"])["state"] in {"queued", "running"}:
            time.sleep(0.1)
        if job["state"] != "succeeded" or job["counts"].get("rejected"):
            raise RuntimeError(f"the job has not succeeded: {job}")
        return job


@contextmanager
def working(url: str, files: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run a worker. files: the store of files."""
    settings = environment(DATABASE_URL=url, DIPTYCH_FILES=files)
    process = subprocess.Popen([*DIPTYCH, "work"], cwd=ROOT, env=settings)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


def processor(pid: int) -> float:
    """Return the processor seconds of a process."""
    times = psutil.Process(pid).cpu_times()
    return float(times.user + times.system)


def over_http(adapter: str, url: str, file: Path) -> Sent:
    """Send a file to an adapter, and have it imported."""
    port, files = free_port(), str(file.parent / "files")
    run([*DIPTYCH, "access", "anonymous", "editor"], DATABASE_URL=url)
    started = server(
        command(adapter, port),
        f"http://127.0.0.1:{port}",
        DATABASE_URL=url,
        FLASK_PORT=str(port),
        DIPTYCH_FILES=files,
    )
    with started as served, working(url, files) as worker:
        client = Client(port)
        moments = [time.perf_counter()]
        path = f"/imports/{client.ask('POST', f'/imports?name={file.name}', file.read_bytes())['id']}"
        moments.append(time.perf_counter())
        client.finished(path)
        moments.append(time.perf_counter())
        before = processor(worker.pid)
        client.ask("POST", f"{path}/start", b"{}")
        client.finished(path)
        moments.append(time.perf_counter())
        taken = processor(worker.pid) - before
        processes = [served.pid, *(each.pid for each in psutil.Process(served.pid).children(recursive=True))]
        memory = peak(worker.pid), max(peak(pid) for pid in processes)
    sending, preview, importing = (end - begin for begin, end in itertools.pairwise(moments))
    return Sent(sending, preview, importing, taken, *memory)


# The report


def compared(fresh: Callable[[], str], file: Path) -> list[Compared]:
    """Import a file by the command and over HTTP, in turn."""
    rounds = []
    for number in range(ROUNDS):
        seconds, taken, _ = imported(fresh(), file)
        rounds.append(Compared(seconds, taken, over_http(ADAPTERS[number % len(ADAPTERS)], fresh(), file)))
        last = rounds[-1]
        print(f"{last.command:.1f} s, {last.sent}: {last.ratio:.2f} ({last.processors:.2f})", flush=True)
    return rounds


def rates(found: dict[str, Compared]) -> str:
    """Return the table of rates."""
    lines = [
        "| | command | job | ratio | of processor time | sending the file | preview |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    for backend, each in found.items():
        took = (each.command, each.sent.importing)
        cells = [f"{seconds:.1f} s, {ROWS / seconds:,.0f}/s" for seconds in took]
        cells += [f"{each.ratio:.2f}", f"{each.processors:.2f}"]
        lines.append(f"| {backend} | {' | '.join(cells)} | {each.sent.sending:.1f} s | {each.sent.preview:.1f} s |")
    return "\n".join(lines)


def memories(found: dict[str, list[Sent]], sizes: list[int]) -> str:
    """Return the table of memory."""
    lines = [f"| memory | file | {FEW:,} rows | file | {MANY:,} rows | ratio |", "|---|---:|---:|---:|---:|---:|"]
    for adapter, (few, many) in found.items():
        for name, small, large in ((f"{adapter}", few.adapter, many.adapter), ("worker", few.worker, many.worker)):
            files = [f"{size / 1e6:.1f} MB" for size in sizes]
            cells = f"{files[0]} | {small / 1e6:.0f} MB | {files[1]} | {large / 1e6:.0f} MB | {large / small:.2f}"
            lines.append(f"| {name} | {cells} |")
    return "\n".join(lines)


def main() -> int:
    """Measure, print and write the figures; return 1 where a job is too slow, or a worker's memory grows."""
    load = os.getloadavg()[0]
    found: dict[str, Compared] = {}
    with tempfile.TemporaryDirectory() as name, postgresql(Path(name) / "files") as started:
        directory, database = Path(name), Server(started)
        empty = directory / "empty.db"
        run([*DIPTYCH, "database", "upgrade", "--no-prompt"], DATABASE_URL=f"sqlite:///{empty}")

        def copied() -> str:
            for suffix in ("-wal", "-shm"):
                (directory / f"copy.db{suffix}").unlink(missing_ok=True)
            shutil.copy(empty, directory / "copy.db")
            return f"sqlite:///{directory}/copy.db"

        file = written(directory / "books.csv", ROWS)
        databases: dict[str, Callable[[], str]] = {"PostgreSQL": lambda: database.fresh("books"), "SQLite": copied}
        for backend, fresh in databases.items():
            rounds = compared(fresh, file)
            found[backend] = sorted(rounds, key=lambda each: each.ratio)[len(rounds) // 2]
        files = [written(directory / f"{count}.csv", count) for count in (FEW, MANY)]
        memory = {adapter: [over_http(adapter, copied(), each) for each in files] for adapter in ADAPTERS}
        sizes = [each.stat().st_size for each in files]
    machine = f"{platform.system()} on {os.cpu_count()} cores, Python {platform.python_version()}"
    about = f"The median of {ROUNDS} rounds by ratio, with a file of {ROWS:,} rows."
    made = f"{datetime.now(UTC):%Y-%m-%d}, {machine}. Load average before the run: {load:.1f}."
    text = f"{rates(found)}\n\n{about}\n\n{memories(memory, sizes)}\n\n{made}\n"
    print(f"\n{text}")
    if "PUBLISH" in os.environ or not {"BOOKS", "ROUNDS", "MEMORY"} & os.environ.keys():
        write(ROOT / "docs" / "performance.md", COMMAND, text)
    faults = [f"{backend}: a ratio of {each.ratio:.2f}" for backend, each in found.items() if each.ratio < LIMIT]
    grown = {adapter: many.worker / few.worker for adapter, (few, many) in memory.items()}
    faults += [f"the worker's memory has grown {ratio:.2f} times" for ratio in grown.values() if ratio > GROWTH]
    for fault in faults:
        print(fault, file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    # Turn SIGTERM into an exception, so that no server is left running.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    sys.exit(main())
