"""`make bench-import`: the time of `diptych import` for a file, and of COPY for the resulting rows.

Each database is migrated and empty. COPY loads exactly the rows that the import created, ids included, into the same
tables with the same indexes, from files written before. Both take turns on one PostgreSQL.
"""

# ruff: noqa: S603, S608 - the commands and statements are constants of this file

from __future__ import annotations

import os
import platform
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import psutil
import psycopg

from benchmarks.growth import CHANCE, name
from diptych.core.catalogue.books.isbn import isbn13
from tests.support.databases import DIPTYCH, ROOT, environment, run
from tests.support.pages import write
from tests.support.postgresql import postgresql

COMMAND = "make bench-import"
SIZES = [int(size) for size in os.environ.get("BOOKS", "50000,200000").split(",")]
ROUNDS = int(os.environ.get("ROUNDS", "3"))

LIMIT = 0.4
"""The least rate of an import, as a share of COPY's."""

GROWTH = 1.1
"""The most memory for the largest file, as a multiple of that for the smallest."""

OTHERS = "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"

TABLES = ("author", "tag", "book", "book_contributor", "book_tag")
"""Ordered so that referenced rows are loaded first."""

LETTERS = str.maketrans({"a": "à", "e": "é", "o": "ø", "u": "ü"})
LANGUAGES = ["en", "eng", "en", "fr", "fre", "de", "es", "sv", None]


def books(count: int) -> Iterator[dict[str, Any]]:
    """Yield the rows of a file: each tenth title has accents, each third no ISBN, each fourth a second author."""
    authors = [name(2).title() for _ in range(count // 10)]
    tags = [name(1) for _ in range(300)]
    for number in range(count):
        title = name(CHANCE.randrange(2, 9)).capitalize()
        row: dict[str, Any] = {
            "title": title.translate(LETTERS) if number % 10 == 0 else title,
            "authors": CHANCE.sample(authors, 2 if number % 4 == 0 else 1),
            "year": CHANCE.randrange(1800, 2025) if number % 10 else None,
            "language": CHANCE.choice(LANGUAGES),
            "description": f"Of all there is to say of it. {name(20)}" if number % 2 else None,
            "tags": CHANCE.sample(tags, CHANCE.randrange(4)),
        }
        if number % 3:
            row["isbn"] = isbn13(f"{number:09}{_check_digit(number)}")
        yield row


def _check_digit(number: int) -> str:
    rest = -sum(weight * int(digit) for weight, digit in zip(range(10, 1, -1), f"{number:09}", strict=True)) % 11
    return "X" if rest == 10 else str(rest)


# Measuring


@dataclass(frozen=True, slots=True)
class Taken:
    """Elapsed seconds, and processor seconds of the sending process and of PostgreSQL."""

    seconds: float
    client: float
    server: float

    @property
    def processor(self) -> float:
        """The processor seconds of both."""
        return self.client + self.server


@dataclass(frozen=True, slots=True)
class Measured:
    """One round: the import's times and peak memory in bytes, and COPY's times."""

    books: int
    imported: Taken
    memory: int
    copied: Taken

    @property
    def ratio(self) -> float:
        """The rate of the import as a share of COPY's."""
        return self.copied.seconds / self.imported.seconds

    @property
    def processors(self) -> float:
        """The same ratio in processor time, which other processes disturb less."""
        return self.copied.processor / self.imported.processor


class Server:
    """Migrated, empty databases on one PostgreSQL."""

    def __init__(self, server: Any) -> None:
        self.server = server
        with psycopg.connect(server.get_uri(), autocommit=True) as connection:
            # No autovacuum, and no checkpoint during only one of the two.
            connection.execute("ALTER SYSTEM SET autovacuum = off")
            connection.execute("ALTER SYSTEM SET max_wal_size = '8GB'")
            connection.execute("ALTER SYSTEM SET checkpoint_timeout = '1h'")
            connection.execute("SELECT pg_reload_conf()")
            connection.execute("CREATE DATABASE empty")
            self._postmaster = psutil.Process(connection.info.backend_pid).parent()
            self.version: str = connection.execute("SHOW server_version").fetchone()[0]  # type: ignore[index]
        run([*DIPTYCH, "database", "upgrade", "--no-prompt"], DATABASE_URL=server.get_uri(database="empty"))

    def fresh(self, database: str) -> str:
        """Create a database and return its URL."""
        self.drop(database)
        with psycopg.connect(self.server.get_uri(), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {database} TEMPLATE empty".encode())
            connection.execute("CHECKPOINT")
        return str(self.server.get_uri(database=database))

    def processor(self) -> float:
        """Return the processor seconds of connections that are closed."""
        with psycopg.connect(self.server.get_uri(), autocommit=True) as connection:
            while connection.execute(OTHERS).fetchone() != (0,):
                time.sleep(0.05)
        time.sleep(0.5)  # until the postmaster has collected its children
        taken = self._postmaster.cpu_times()
        return float(taken.children_user + taken.children_system)

    def drop(self, database: str) -> None:
        """Drop a database."""
        with psycopg.connect(self.server.get_uri(), autocommit=True) as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {database}".encode())


def imported(url: str, file: Path) -> tuple[float, float, int]:
    """Import a file; return seconds, processor seconds, bytes. Errors: RuntimeError when rows are rejected."""
    begun, memory = time.perf_counter(), 0
    process = subprocess.Popen(
        [*DIPTYCH, "import", str(file)], cwd=ROOT, env=environment(DATABASE_URL=url), stdout=subprocess.PIPE
    )
    while os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
        memory = max(memory, peak(process.pid))
        time.sleep(0.05)
    seconds = time.perf_counter() - begun
    assert process.stdout is not None  # noqa: S101 - it is a pipe
    told = process.stdout.read().decode()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = status
    if status or " 0 rejected" not in told:
        raise RuntimeError(f"the import ended with {status}: {told}")
    return seconds, usage.ru_utime + usage.ru_stime, memory


def peak(pid: int) -> int:
    """Return a process's peak memory in bytes; 0 when it has ended. getrusage would include its parent's."""
    lines = Path(f"/proc/{pid}/status").read_text("utf-8").splitlines()
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:")), 0)


def kept(url: str, directory: Path) -> None:
    """Write the rows of a database into a file for each table."""
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        for table in TABLES:
            with (directory / table).open("wb") as file, cursor.copy(f"COPY {table} TO STDOUT".encode()) as copy:
                file.writelines(copy)


def copied(url: str, directory: Path) -> float:
    """Load those rows into a database in one transaction; return seconds."""
    begun = time.perf_counter()
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        for table in TABLES:
            with (directory / table).open("rb") as file, cursor.copy(f"COPY {table} FROM STDIN".encode()) as copy:
                while data := file.read(1 << 16):
                    copy.write(data)
    return time.perf_counter() - begun


def counted(url: str) -> list[int]:
    """Return the number of rows of each table."""
    with psycopg.connect(url) as connection:
        return [count for table in TABLES for (count,) in connection.execute(f"SELECT count(*) FROM {table}".encode())]


def measure(server: Server, size: int, file: Path, directory: Path) -> Measured:
    """Import a file and copy the result. Errors: RuntimeError when the two databases differ."""
    url = server.fresh("imported")
    before = server.processor()
    seconds, client, memory = imported(url, file)
    by_import = Taken(seconds, client, server.processor() - before)
    kept(url, directory)
    rows = counted(url)
    server.drop("imported")
    url = server.fresh("copied")
    before, own = server.processor(), time.process_time()
    seconds = copied(url, directory)
    client = time.process_time() - own
    by_copy = Taken(seconds, client, server.processor() - before)
    if rows != counted(url) or rows[TABLES.index("book")] != size:
        raise RuntimeError(f"there are {rows} rows after the import and {counted(url)} after COPY")
    server.drop("copied")
    return Measured(size, by_import, memory, by_copy)


# The report


def rate(measured: Measured, taken: Taken) -> str:
    """Return seconds, and books a second."""
    return f"{taken.seconds:.1f} s, {measured.books / taken.seconds:,.0f}/s"


def processors(taken: Taken) -> str:
    """Return the processor seconds of the program and of PostgreSQL."""
    return f"{taken.client:.1f} + {taken.server:.1f} s"


def markdown(found: list[Measured], version: str, load: float) -> str:
    """Return the Markdown for the page."""
    lines = [
        "| books | import | its processor time | `COPY` | its processor time | ratio | of processor time | memory |",
        "|---:|---:|---:|---:|---:|---:|---:|---:|",
        *(
            f"| {each.books:,} | {rate(each, each.imported)} | {processors(each.imported)}"
            f" | {rate(each, each.copied)} | {processors(each.copied)}"
            f" | {each.ratio:.2f} | {each.processors:.2f} | {each.memory / 1e6:.0f} MB |"
            for each in found
        ),
    ]
    machine = f"{platform.system()} on {os.cpu_count()} cores, Python {platform.python_version()}"
    return "\n".join(lines) + (
        f"\n\nThe median of {ROUNDS} rounds by ratio. Processor time: of the program that sends the rows, and"
        f" of PostgreSQL. {datetime.now(UTC):%Y-%m-%d}, {machine},"
        f" PostgreSQL {version} with default settings except for checkpoints. Load average before the run: {load:.1f};"
        " other load slows an import, which needs both cores, more than COPY: compare processor times then.\n"
    )


def main() -> int:
    """Measure, print and write the figures; return 1 where the import is too slow, or needs too much memory."""
    found, load = [], os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as name, postgresql(Path(name) / "files") as started:
        directory, server = Path(name), Server(started)
        for size in SIZES:
            file = directory / f"{size}.jsonl"
            with file.open("wb") as lines:
                lines.writelines(msgspec.json.encode(row) + b"\n" for row in books(size))
            rounds = []
            for _ in range(ROUNDS):
                last = measure(server, size, file, directory)
                rounds.append(last)
                print(
                    f"{size:,} books: import {rate(last, last.imported)} ({processors(last.imported)} of processors),"
                    f" COPY {rate(last, last.copied)} ({processors(last.copied)}),"
                    f" ratio {last.ratio:.2f} ({last.processors:.2f}), {last.memory / 1e6:.0f} MB",
                    flush=True,
                )
            found.append(sorted(rounds, key=lambda each: each.ratio)[ROUNDS // 2])
    text = markdown(found, server.version, load)
    print(f"\n{text}")
    if "BOOKS" not in os.environ and "ROUNDS" not in os.environ:
        write(ROOT / "docs" / "performance.md", COMMAND, text)
    slow = [f"{each.books:,} books: a ratio of {each.ratio:.2f}" for each in found if each.ratio < LIMIT]
    grown = found[-1].memory / found[0].memory
    faults = slow + ([f"memory has grown {grown:.2f} times"] if grown > GROWTH else [])
    for fault in faults:
        print(fault, file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    # Turn SIGTERM into an exception, so that no server is left running.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    sys.exit(main())
