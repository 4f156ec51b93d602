"""`make bench-import`, third part: whether `diptych import` needs no more memory for a longer file.

Each file is read by `diptych import --dry-run`, which reads and checks all of it and needs no database. The first, of
SIZES[0], is imported besides, and its memory is in the table too. MEGABYTES=1000 measures that size
alone, and writes nothing.
"""

# ruff: noqa: S603 - the commands are constants of this file

from __future__ import annotations

import os
import platform
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from msgspec.structs import replace

from benchmarks.import_formats import records
from benchmarks.importing import peak
from diptych.core.formats.registry import format_named, writer_of
from tests.support.databases import DIPTYCH, ROOT, environment, run
from tests.support.pages import write

COMMAND = "make bench-import, memory"
SIZES = [int(size) for size in os.environ.get("MEGABYTES", "20,200").split(",")]
FORMATS = ("marc", "marcxml")
GENERATED = 10_000
"""Books that are generated at once."""

GROWTH = 1.1
"""The most memory for the largest file, as a multiple of that for the smallest."""


@dataclass(frozen=True, slots=True)
class Measured:
    """The seconds and the peak memory in bytes of a command that read a file, and its number of books."""

    books: int
    seconds: float
    memory: int


def written(file: Path, format_name: str, size: int) -> int:
    """Write a file of `size` bytes or a little more, and return its number of books."""
    writer, count = writer_of(format_name), 0
    with file.open("wb") as stream:
        stream.write(writer.begin)
        while stream.tell() < size:
            # Each piece has authors and tags of its own, and ISBNs of others: these would be repeated books.
            for book in records(GENERATED):
                if stream.tell() >= size:
                    break
                count += 1
                content = writer.record(replace(book, title=f"{book.title} {count}", isbn=None, record_id=f"b{count}"))
                stream.write(writer.between + content if count > 1 else content)
        stream.write(writer.end)
    return count


def measure(books: int, file: Path, *options: str, **settings: str) -> Measured:
    """Run `diptych import`. Errors: RuntimeError when it does not find every book."""
    begun, memory = time.perf_counter(), 0
    process = subprocess.Popen(
        [*DIPTYCH, "import", str(file), *options], cwd=ROOT, env=environment(**settings), stdout=subprocess.PIPE
    )
    while os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
        memory = max(memory, peak(process.pid))
        time.sleep(0.05)
    told = process.communicate()[0].decode()
    if process.returncode or f"{books:,} rows" not in told or " 0 rejected" not in told:
        raise RuntimeError(f"the import of {books:,} books ended with {process.returncode}: {told}")
    return Measured(books, time.perf_counter() - begun, memory)


def row(label: str, size: str, found: Measured) -> str:
    """Return a row of the table."""
    rate = f"{found.seconds:.0f} s, {found.books / found.seconds:,.0f}/s"
    return f"| {label} | {size} | {found.books:,} | {rate} | {found.memory / 1e6:.0f} MB |"


def main() -> int:
    """Measure, print and write the figures; return 1 where memory grows with the file."""
    rows, faults = ["| format | file | books | time | memory |", "|---|---:|---:|---:|---:|"], []
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        if shutil.disk_usage(directory).free < 3e6 * max(SIZES):
            raise RuntimeError(f"there is no room in {directory} for a file of {max(SIZES)} MB")
        for format_name in FORMATS:
            chosen, found = format_named(format_name), []
            for size in SIZES:
                file = directory / f"books{chosen.suffixes[0]}"
                books = written(file, format_name, size * 1_000_000)
                found.append(measure(books, file, "--dry-run"))
                rows.append(row(chosen.label, f"{size:,} MB", found[-1]))
                print(rows[-1], flush=True)
                if size == SIZES[0] and len(SIZES) > 1:
                    url = f"sqlite:///{directory / format_name}.db"
                    run([*DIPTYCH, "database", "upgrade", "--no-prompt"], DATABASE_URL=url)
                    rows.append(row(chosen.label, f"{size:,} MB, into SQLite", measure(books, file, DATABASE_URL=url)))
                    print(rows[-1], flush=True)
                file.unlink()
            grown = found[-1].memory / found[0].memory
            if grown > GROWTH:
                faults.append(f"{chosen.label}: memory has grown {grown:.2f} times")
    machine = f"{platform.system()} on {os.cpu_count()} cores, Python {platform.python_version()}"
    text = "\n".join(rows) + f"\n\n{datetime.now(UTC):%Y-%m-%d}, {machine}.\n"
    if "MEGABYTES" not in os.environ:
        write(ROOT / "docs" / "performance.md", COMMAND, text)
    for fault in faults:
        print(fault, file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    # Turn SIGTERM into an exception, so that no server is left running.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    sys.exit(main())
