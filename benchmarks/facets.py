"""`make bench-facets`: what facets cost with a million books, on PostgreSQL and on SQLite.

Requests go to an otherwise idle service over HTTP, one at a time, on one connection.
"""

# ruff: noqa: S608 - the statements are constants of this file

from __future__ import annotations

import http.client
import os
import platform
import random
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg

from benchmarks.growth import COMMON, MIDDLING, WORDS, identifier, migrate, name, title
from benchmarks.history_load import Processors
from diptych.core.database import sync_config
from diptych.core.settings import Settings
from diptych.core.sync.counting import count_when_due
from diptych.core.sync.unit_of_work import Database
from tests.support.databases import ROOT
from tests.support.deployments import ADAPTERS, deployment
from tests.support.pages import write
from tests.support.postgresql import postgresql

COMMAND = "make bench-facets"
WHOLE = 1_000_000
BOOKS = int(os.environ.get("BOOKS", str(WHOLE)))
"""Figures of fewer books are printed only."""

REQUESTS = int(os.environ.get("REQUESTS", "60"))
SECONDS = 6.0
"""Requests of a kind, and seconds after which fewer have to do."""

LOAD = os.getloadavg()[0]

TAGS = 2000
TAGS_OF_A_BOOK = 3

CHANCE = random.Random(9)  # noqa: S311 - the same catalogue each time

CASES = (
    ("all", ""),
    ("200: `tagsIn`, a rare tag", f"tagsIn=tag-{TAGS - 2}"),
    ("600: `languageIn=fr&yearIn=1984`", "languageIn=fr&yearIn=1984"),
    ("2,000: `q`, a word in one title of 500", f"q={MIDDLING}"),
    ("20,000: `tagsIn`, a tag in between", "tagsIn=tag-20"),
    ("100,000: `q`, a word in one title of 10", f"q={COMMON}"),
    ("140,000: `languageIn=fr`", "languageIn=fr"),
    ("250,000: `tagsIn`, the most common tag", "tagsIn=tag-0"),
    ("300,000: `q`, the most common word", f"q={WORDS[0]}"),
    ("430,000: `languageIn=en`", "languageIn=en"),
)
"""How many of a million books match, and the query that selects them."""

TARGETS = ("/books?total=false&", "/books/facets?", "/ui/books?total=false&")
"""What is asked for: a list, its facets, and the page with both."""


# The catalogues


def rows() -> dict[str, tuple[Sequence[str], Iterator[tuple[Any, ...]]]]:
    """Return the rows of each table of revision 0003, with the names of their columns; ids are text."""
    begun = datetime(2020, 1, 1, tzinfo=UTC)
    common = ("slug", "search_text", "sort_key", "created_at", "updated_at")
    authors = [identifier(number) for number in range(BOOKS // 10)]
    tags = [identifier(number) for number in range(TAGS)]
    books: list[str] = []

    def named(ids: Sequence[str], kind: str) -> Iterator[tuple[Any, ...]]:
        for number, row_id in enumerate(ids):
            text, made = name(2) if kind == "author" else f"tag-{number}", begun + timedelta(seconds=number)
            own = (row_id, text, f"{kind}-{number}") if kind == "author" else (row_id, text)
            yield (*own, text, text, made, made)

    def of_books() -> Iterator[tuple[Any, ...]]:
        for number in range(BOOKS):
            text, made = title(number, BOOKS), begun + timedelta(seconds=number)
            books.append(identifier(number))
            year = CHANCE.randrange(1800, 2025) if number % 10 else None
            language = CHANCE.choice(["en", "en", "en", "fr", "de", "es", None])
            yield (books[-1], text, CHANCE.choice(authors), year, language, f"b{number}", text, text[:200], made, made)

    def of_tags() -> Iterator[tuple[Any, ...]]:
        for row_id in books:
            for tag in {int(TAGS ** CHANCE.random()) - 1 for _ in range(TAGS_OF_A_BOOK)}:
                yield row_id, tags[tag]

    return {
        "author": (("id", "name", *common), named(authors, "author")),
        "tag": (("id", "name", *common[1:]), named(tags, "tag")),
        "book": (("id", "title", "author_id", "year", "language", *common), of_books()),
        "book_tag": (("book_id", "tag_id"), of_tags()),
    }


def filled(url: str) -> str:
    """Create a catalogue at the head revision, and return its URL."""
    migrate(url, "0003")
    if url.startswith("sqlite"):
        _fill_sqlite(url.removeprefix("sqlite:///"))
    else:
        _fill_postgresql(url)
    migrate(url, "head")
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as file, file:
            file.execute("ANALYZE")
    else:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("VACUUM ANALYZE")
    return url


def _fill_sqlite(path: str) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        for table, (columns, found) in rows().items():
            insert = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})"
            connection.executemany(insert, (tuple(map(_as_stored, row)) for row in found))


def _fill_postgresql(url: str) -> None:
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        for table, (columns, found) in rows().items():
            with cursor.copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN".encode()) as copy:
                for row in found:
                    copy.write_row(row)


def _as_stored(value: Any) -> Any:
    return f"{value:%Y-%m-%d %H:%M:%S.%f}" if isinstance(value, datetime) else value


def count(url: str) -> float:
    """Have the catalogue counted as a worker does, if it is due, and return the seconds that takes."""
    database = Database(sync_config(Settings(database_url=url)))
    began = time.perf_counter()
    count_when_due(database)
    seconds = time.perf_counter() - began
    database.close()
    return seconds


# Requests


@dataclass(frozen=True, slots=True)
class Cost:
    """Milliseconds that 95 of 100 requests take at most, and those of processors that one takes on average."""

    p95: float
    processors: float


@dataclass(frozen=True, slots=True)
class Client:
    """A connection to a deployment. processors: returns the seconds that it and its database have used."""

    connection: http.client.HTTPConnection
    processors: Callable[[], float]

    def cost(self, target: str) -> Cost:
        """Send a request again and again. Errors: RuntimeError for an error response."""
        taken: list[float] = []
        self.ask(target)
        before, end = self.processors(), time.perf_counter() + SECONDS
        while len(taken) < REQUESTS and time.perf_counter() < end:
            began = time.perf_counter()
            self.ask(target)
            taken.append((time.perf_counter() - began) * 1000)
        used = (self.processors() - before) / len(taken) * 1000
        taken.sort()
        return Cost(taken[len(taken) * 95 // 100], used)

    def ask(self, target: str) -> None:
        """Send a request, and read the response. Errors: RuntimeError for an error response."""
        self.connection.request("GET", target)
        response = self.connection.getresponse()
        body = response.read()
        if response.status != 200:
            raise RuntimeError(f"{target}: {response.status} {body[:500]!r}")


def served(adapter: str, url: str, processors: Processors) -> list[list[Cost]]:
    """Serve a catalogue with one adapter, and return the costs of the TARGETS of each case."""
    count(url)
    found = []
    with deployment(adapter, url, DIPTYCH_REQUEST_TIMEOUT="60") as base:
        address = urlsplit(base)
        for label, query in CASES:
            with closing(http.client.HTTPConnection(str(address.hostname), address.port, timeout=120)) as connection:
                client = Client(connection, lambda: processors.adapter() + processors.database())
                found.append([client.cost(f"{target}{query}".rstrip("?&")) for target in TARGETS])
            for value in WRITTEN:
                print(f"{adapter}: {label}: {written(found[-1], value)} ({value})", flush=True)
    return found


WRITTEN = ("p95", "processors")


def written(costs: list[Cost], value: str) -> str:
    """Return a value of a list, of its facets, of the page, and how much more than the list the page takes."""
    listed, facets, page = (getattr(each, value) for each in costs)
    return f"{listed:.0f}, {facets:.0f}, {page:.0f}: **{page - listed:+.0f}**"


def markdown(found: dict[str, list[list[Cost]]], seconds: dict[str, float]) -> str:
    """Return the Markdown for the page."""
    times = ", ".join(f"{backend} {taken:.1f} s" for backend, taken in seconds.items())
    return (
        "Milliseconds that 95 of 100 requests take at most: for a list (`GET /books`), for its facets"
        " (`GET /books/facets`), for the page with both (`GET /ui/books`), and how much more than the list the page"
        f" takes:\n\n{table(found, 'p95')}\nThe same in milliseconds of processor time, of the adapter and of"
        f" PostgreSQL, on average:\n\n{table(found, 'processors')}\n{BOOKS:,} books, {BOOKS // 10:,} authors and"
        f" {TAGS:,} tags; {REQUESTS} requests of each kind, or as many as {SECONDS:.0f} seconds have. Counting"
        f" the whole catalogue takes a worker: {times}. Load average before the run: {LOAD:.1f}."
        f" {datetime.now(UTC):%Y-%m-%d}, {platform.system()} on {os.cpu_count()} cores, Python"
        f" {platform.python_version()}.\n"
    )


def table(found: dict[str, list[list[Cost]]], value: str) -> str:
    """Return a value of all cases as a table."""
    lines = ["| books that match | " + " | ".join(found) + " |", "|---|" + "---:|" * len(found)]
    for place, (label, _) in enumerate(CASES):
        lines.append(f"| {label} | {' | '.join(written(each[place], value) for each in found.values())} |")
    return "\n".join(lines) + "\n"


def main() -> int:
    """Measure, print and write the figures."""
    found: dict[str, list[list[Cost]]] = {}
    seconds: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as directory, postgresql(Path(directory) / "files") as server:
        processors = Processors(Path(directory) / "files")
        for backend, url in (("PostgreSQL", server.get_uri()), ("SQLite", f"sqlite:///{directory}/facets.db")):
            began = time.perf_counter()
            filled(url)
            seconds[backend] = count(url)
            print(
                f"{backend}: filled in {time.perf_counter() - began:.0f} s, counted in {seconds[backend]:.1f} s",
                flush=True,
            )
            for adapter in ADAPTERS:
                found[f"{adapter}, {backend}"] = served(adapter, url, processors)
    text = markdown(found, seconds)
    print(text)
    if BOOKS == WHOLE:
        write(ROOT / "docs" / "performance.md", COMMAND, text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
