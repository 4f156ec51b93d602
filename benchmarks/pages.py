"""`make bench-pages`: what pages cost the process that answers them, beside the same in JSON.

The cost is processor time, which other load on the machine changes less than the time a client waits. Targets are
asked for in turn, a hundred requests at a time, because the speed of a processor that others use too changes within
seconds. Each answer is compressed as browsers ask for it.
"""

from __future__ import annotations

import ctypes
import http.client
import os
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import msgspec
import psutil

from benchmarks.facets import count
from benchmarks.growth import CHANCE, name
from benchmarks.page_parts import table
from tests.support.databases import DIPTYCH, ROOT, run
from tests.support.deployments import ADAPTERS, deployment
from tests.support.pages import write
from tests.support.postgresql import postgresql

COMMAND = "make bench-pages"
BOOKS = 5000
"""More than are counted for a request: the numbers of all are kept ones, as in any larger catalogue."""

WHOLE = 12
ROUNDS = int(os.environ.get("ROUNDS", str(WHOLE)))
"""Figures of fewer rounds are printed only."""

REQUESTS = 100
"""Requests of a kind in a round. The first ten take up to twice as long, because another kind was in the caches of the
processor before."""

LOAD = os.getloadavg()[0]

BROWSER = {"Accept-Encoding": "gzip, deflate, br, zstd"}


@dataclass(frozen=True, slots=True)
class Case:
    """A page, and the requests for the same in JSON, in the same order; their costs are added.

    Targets have {places} of a book.
    """

    title: str
    page: str
    json: Sequence[str] = ()


INCLUDED = "include=tags,contributors&total=false"

CASES = (
    Case(
        "list, without facets",
        "/ui/author/{author}?total=false",
        [f"/books?contributorsIn={{author_id}}&orderBy=year&sortOrder=asc&{INCLUDED}"],
    ),
    Case("list, with facets", "/ui/books?total=false", [f"/books?{INCLUDED}"]),
    Case("list, with facets; in JSON too", "/ui/books?total=false", [f"/books?{INCLUDED}", "/books/facets"]),
    Case(
        "filtered list; in JSON with facets too",
        "/ui/books?languageIn=sv&total=false",
        [f"/books?languageIn=sv&{INCLUDED}", "/books/facets?languageIn=sv"],
    ),
    *(
        Case(f"list of {name}", f"/ui/{name}?total=false", [f"/{name}?orderBy=name&sortOrder=asc&total=false"])
        for name in ("authors", "publishers", "tags")
    ),
    Case("book", "/ui/book/{slug}", ["/books/{id}?include=tags,contributors,identifiers,series,publisher"]),
    Case("home", "/ui/"),
)
"""What is compared."""


# The catalogue


def rows() -> Iterator[dict[str, Any]]:
    """Yield the rows of a file: books of two authors, each third with a translator, with three tags."""
    authors = ["Pages Author", *(name(2).title() for _ in range(BOOKS // 20))]
    tags, publishers = ([name(2) for _ in range(number)] for number in (300, 50))
    for number in range(BOOKS):
        yield {
            "title": name(CHANCE.randrange(2, 9)).capitalize(),
            "subtitle": name(4).capitalize() if number % 3 == 0 else None,
            "authors": CHANCE.sample(authors[1:], 2) if number % 100 else authors[:1],
            "translator": CHANCE.choice(authors[1:]) if number % 3 == 0 else None,
            "year": CHANCE.randrange(1800, 2025) if number % 10 else None,
            "language": "sv" if number % 20 == 0 else CHANCE.choice(["en", "en", "fr", "de", "es"]),
            "format": CHANCE.choice(["hardcover", "paperback", "ebook"]),
            "publisher": CHANCE.choice(publishers),
            "description": name(60) if number % 2 else None,
            "tags": CHANCE.sample(tags, 3),
        }


def filled(url: str, directory: Path) -> str:
    """Create the catalogue, and return its URL."""
    file = directory / "books.jsonl"
    file.write_bytes(b"".join(msgspec.json.encode(row) + b"\n" for row in rows()))
    for command in (["database", "upgrade", "--no-prompt"], ["import", str(file)]):
        run([*DIPTYCH, *command], DATABASE_URL=url)
    return url


def places(base: str) -> dict[str, str]:
    """Return what targets have: a book with two authors and others by the first, and an author of many books."""
    (author,) = httpx.get(f"{base}/authors?q=Pages+Author").json()["items"]
    (book,) = httpx.get(f"{base}/books?pageSize=1&formatIn=ebook&languageIn=en").json()["items"]
    return {"author": author["slug"], "author_id": author["id"], "slug": book["slug"], "id": book["id"]}


# Requests


class Server:
    """A deployment that this process has started. It is alone: all other children are its processes."""

    def __init__(self, base: str) -> None:
        address = urlsplit(base)
        self._connection = http.client.HTTPConnection(str(address.hostname), address.port, timeout=120)
        self._clocks = [_clock_of(process.pid) for process in psutil.Process().children(recursive=True)]

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def ask(self, target: str, times: int) -> None:
        """Send a request again and again. Errors: RuntimeError for an error response."""
        for _ in range(times):
            self._connection.request("GET", target, headers=BROWSER)
            response = self._connection.getresponse()
            body = response.read()
            if response.status != 200:
                raise RuntimeError(f"{target}: {response.status} {body[:500]!r}")

    def cost(self, target: str) -> float:
        """Return the milliseconds of processor time that a request takes."""
        before = self._seconds()
        self.ask(target, REQUESTS)
        return (self._seconds() - before) / REQUESTS * 1000

    def _seconds(self) -> float:
        return sum(map(time.clock_gettime, self._clocks))


def _clock_of(process_id: int) -> int:
    """Return the clock of a process's processor time, in nanoseconds; psutil's has ten milliseconds."""
    clock = ctypes.c_int()
    if error := ctypes.CDLL(None).clock_getcpuclockid(process_id, ctypes.byref(clock)):
        raise OSError(error, os.strerror(error))
    return clock.value


Costs = dict[str, list[float]]
"""The milliseconds of a request in each round, by its target as it is in CASES."""


def costs(adapter: str, url: str, known: dict[str, str]) -> Costs:
    """Return the costs of all targets. known: gets the places."""
    targets = list(dict.fromkeys(target for case in CASES for target in (case.page, *case.json)))
    found: dict[str, list[float]] = {target: [] for target in targets}
    count(url)
    with deployment(adapter, url, DIPTYCH_REQUEST_TIMEOUT="60") as base, closing(Server(base)) as server:
        known |= places(base)
        for target in targets:
            server.ask(target.format(**known), REQUESTS)
        for _ in range(ROUNDS):
            for target in targets:
                found[target].append(server.cost(target.format(**known)))
    return found


# The report


def cell(case: Case, taken: Costs) -> str:
    """Return the milliseconds of a page, at least and in the median, and the median of its ratios to the JSON."""
    page = taken[case.page]
    about = f"{min(page):.2f} to {statistics.median(page):.2f}"
    if not case.json:
        return about
    ratios = [one / sum(json) for one, *json in zip(page, *(taken[target] for target in case.json), strict=True)]
    return f"{about}, **{statistics.median(ratios):.2f}**"


def markdown(found: dict[str, Costs], parts: Sequence[str]) -> str:
    """Return the Markdown for the page. parts: tables of where the time goes."""
    lines = ["| | " + " | ".join(found) + " |", "|---|" + "---:|" * len(found)]
    lines += [f"| {case.title} | {' | '.join(cell(case, taken) for taken in found.values())} |" for case in CASES]
    about = (
        "Milliseconds of processor time of a request for the page: in the quickest round, and in the median of"
        f" {ROUNDS} rounds of {REQUESTS} requests; then its ratio to the same in JSON, the median of all rounds."
        f" {BOOKS:,} books with two authors and three tags each; lists have 20."
        f" Load average before the run: {LOAD:.1f}. {datetime.now(UTC):%Y-%m-%d},"
        f" {platform.system()} on {os.cpu_count()} cores, Python {platform.python_version()}."
    )
    where = (
        "Where it goes, in milliseconds of the synchronous twin in one process, without gunicorn and Flask, with the"
        " number of statements. The timers are part of it."
    )
    return "\n".join([*lines, "", about, "", where, "", "\n\n".join(parts), ""])


def main() -> int:
    """Measure, print and write the figures."""
    found: dict[str, Costs] = {}
    parts: list[str] = []
    with tempfile.TemporaryDirectory() as name, postgresql(Path(name) / "files") as server:
        directory = Path(name)
        for backend, url in (("PostgreSQL", server.get_uri()), ("SQLite", f"sqlite:///{directory}/pages.db")):
            filled(url, directory)
            known: dict[str, str] = {}
            for adapter in ADAPTERS:
                found[f"{adapter}, {backend}"] = costs(adapter, url, known)
            parts.append(table(backend, url, known, {"accept-encoding": BROWSER["Accept-Encoding"]}))
    text = markdown(found, parts)
    print(text)
    if ROUNDS >= WHOLE:
        write(ROOT / "docs" / "performance.md", COMMAND, text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
