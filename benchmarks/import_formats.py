"""`make bench-import`, second part: `diptych import` of the same books in each format, beside its parser alone.

The books are written by `diptych export`'s writers. The parser alone reads the file, and makes nothing of it: it is
what a program would use that reads this one format.
"""

from __future__ import annotations

import csv
import json
import os
import platform
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pymarc
from bibtexparser.splitter import Splitter
from lxml import etree

from benchmarks.importing import Server, books, imported
from diptych.core.formats.record import BookRecord, Contributor, TagName
from diptych.core.formats.registry import format_named, writer_of
from tests.support.databases import ROOT
from tests.support.pages import write
from tests.support.postgresql import postgresql

COMMAND = "make bench-import, formats"
BOOKS = int(os.environ.get("BOOKS", "20000").split(",", maxsplit=1)[0])
ROUNDS = int(os.environ.get("ROUNDS", "3"))

LIMIT = 0.6
"""The least rate of an import of MARC, as a share of CSV's."""


def _csv(file: Path) -> int:
    with file.open(encoding="utf-8", newline="") as lines:
        return sum(1 for _ in csv.DictReader(lines))


def _marc(file: Path) -> int:
    with file.open("rb") as stream:
        return sum(1 for record in pymarc.MARCReader(stream, to_unicode=True) if record is not None)


def _marcxml(file: Path) -> int:
    found = 0
    for _, element in etree.iterparse(str(file), tag="{http://www.loc.gov/MARC21/slim}record"):
        found += 1
        element.clear()
    return found


def _bibtex(file: Path) -> int:
    return len(Splitter(file.read_text("utf-8")).split().entries)


def _csl(file: Path) -> int:
    return len(json.loads(file.read_bytes()))


PARSERS: dict[str, tuple[str, Callable[[Path], int]] | None] = {
    "csv": ("csv", _csv),
    "marc": ("pymarc", _marc),
    "marcxml": ("lxml", _marcxml),
    "bibtex": ("bibtexparser", _bibtex),
    "ris": None,
    "csl": ("json", _csl),
}
"""By format, the name of its parser and a function that counts the books of a file; None where there is none."""


def records(count: int) -> Iterator[BookRecord]:
    """Yield the books of `make bench-import` as records."""
    for number, row in enumerate(books(count), start=1):
        people = tuple(Contributor(name, "author") for name in row.pop("authors"))
        tags = tuple(TagName(name) for name in row.pop("tags"))
        row["language"] = {"eng": "en", "fre": "fr"}.get(row["language"], row["language"])
        yield BookRecord(line=number, contributors=people, tags=tags, record_id=f"b{number}", **row)


@dataclass(frozen=True, slots=True)
class Measured:
    """The books a second of an import, and of its parser alone; the peak memory of the import in bytes."""

    imported: float
    parsed: float | None
    memory: int


def measure(server: Server, name: str, file: Path) -> Measured:
    """Import a file, and parse it. Errors: RuntimeError when the parser does not find every book."""
    seconds, _, memory = imported(server.fresh("imported"), file)
    server.drop("imported")
    parser = PARSERS[name]
    parsed = None
    if parser is not None:
        begun = time.perf_counter()
        found = parser[1](file)
        parsed = BOOKS / (time.perf_counter() - begun)
        if found != BOOKS:
            raise RuntimeError(f"{parser[0]} finds {found} of {BOOKS} books")
    return Measured(BOOKS / seconds, parsed, memory)


def median(found: list[Measured]) -> Measured:
    """Return the round with the median rate of the import."""
    return sorted(found, key=lambda each: each.imported)[len(found) // 2]


def markdown(found: dict[str, Measured], version: str) -> str:
    """Return the Markdown for the page."""
    lines = ["| format | import | of CSV's rate | parser alone | memory |", "|---|---:|---:|---:|---:|"]
    for name, each in found.items():
        parser = PARSERS[name]
        alone = f"{parser[0]}: {each.parsed:,.0f}/s" if parser is not None else ""
        share = each.imported / found["csv"].imported
        label = format_named(name).label
        lines.append(f"| {label} | {each.imported:,.0f}/s | {share:.2f} | {alone} | {each.memory / 1e6:.0f} MB |")
    machine = f"{platform.system()} on {os.cpu_count()} cores, Python {platform.python_version()}"
    return "\n".join(lines) + (
        f"\n\n{BOOKS:,} books, the median of {ROUNDS} rounds. {datetime.now(UTC):%Y-%m-%d}, {machine},"
        f" PostgreSQL {version}.\n"
    )


def main() -> int:
    """Measure, print and write the figures; return 1 where MARC is too slow."""
    rounds: dict[str, list[Measured]] = {name: [] for name in PARSERS}
    with tempfile.TemporaryDirectory() as name, postgresql(Path(name) / "files") as started:
        directory, server = Path(name), Server(started)
        everything = list(records(BOOKS))
        files = {}
        for format_name in PARSERS:
            writer = writer_of(format_name)
            files[format_name] = directory / f"books{format_named(format_name).suffixes[0]}"
            content = writer.begin + writer.between.join(map(writer.record, everything)) + writer.end
            files[format_name].write_bytes(content)
        for _ in range(ROUNDS):
            for format_name, file in files.items():
                last = measure(server, format_name, file)
                rounds[format_name].append(last)
                print(f"{format_name}: {last.imported:,.0f} books a second", flush=True)
    found = {format_name: median(each) for format_name, each in rounds.items()}
    text = markdown(found, server.version)
    print(f"\n{text}")
    if "BOOKS" not in os.environ and "ROUNDS" not in os.environ:
        write(ROOT / "docs" / "performance.md", COMMAND, text)
    share = found["marc"].imported / found["csv"].imported
    if share < LIMIT:
        print(f"MARC is imported at {share:.2f} of CSV's rate", file=sys.stderr)
    return int(share < LIMIT)


if __name__ == "__main__":
    # Turn SIGTERM into an exception, so that no server is left running.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    sys.exit(main())
