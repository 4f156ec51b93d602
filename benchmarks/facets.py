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
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg

from benchmarks.growth import MIDDLING, identifier, migrate, name, title
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

REQUESTS = int(os.environ.get("REQUESTS", "100"))
LOAD = os.getloadavg()[0]

TAGS = 2000
TAGS_OF_A_BOOK = 3

CHANCE = random.Random(9)  # noqa: S311 - the same catalogue each time

CASES = (
    ("`GET /books?total=false`, for comparison", "/books?total=false"),
    ("`GET /ui/authors?total=false`, a page without facets", "/ui/authors?total=false"),
    ("`GET /books/facets`", "/books/facets"),
    ("`GET /ui/books?total=false`", "/ui/books?total=false"),
    ("`GET /books/facets?languageIn=fr&yearIn=1984` (some hundred matches)", "/books/facets?languageIn=fr&yearIn=1984"),
    ("`GET /ui/books?languageIn=fr&yearIn=1984`", "/ui/books?languageIn=fr&yearIn=1984"),
    ("`GET /books/facets?q=`, one book in 500 (2,000 matches)", f"/books/facets?q={MIDDLING}"),
    ("`GET /books/facets?languageIn=fr` (150,000 matches)", "/books/facets?languageIn=fr"),
    ("`GET /books/facets?tagsIn=`, the most common tag", "/books/facets?tagsIn=tag-0"),
    ("`GET /books/facets?tagsIn=`, a rare tag", f"/books/facets?tagsIn=tag-{TAGS - 1}"),
)
"""What is measured, with the target of each request."""


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
    if url.startswith("postgresql"):
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


def counted(url: str) -> float:
    """Have the catalogue counted as a worker does, and return the seconds that takes."""
    database = Database(sync_config(Settings(database_url=url)))
    began = time.perf_counter()
    if not count_when_due(database):
        raise RuntimeError("the catalogue was counted already")
    seconds = time.perf_counter() - began
    database.close()
    return seconds


# Requests


@dataclass(frozen=True, slots=True)
class Measured:
    """Milliseconds of a case: the median, and the time that 95 of 100 requests take at most."""

    median: float
    p95: float


def measured(connection: http.client.HTTPConnection, target: str) -> Measured:
    """Send a request again and again. Errors: RuntimeError for an error response."""
    taken = []
    for number in range(-REQUESTS // 10, REQUESTS):
        began = time.perf_counter()
        connection.request("GET", target)
        response = connection.getresponse()
        body = response.read()
        if response.status != 200:
            raise RuntimeError(f"{target}: {response.status} {body[:500]!r}")
        if number >= 0:
            taken.append((time.perf_counter() - began) * 1000)
    taken.sort()
    return Measured(taken[len(taken) // 2], taken[len(taken) * 95 // 100])


def served(adapter: str, url: str) -> list[Measured]:
    """Serve a catalogue with one adapter, and measure all cases."""
    with deployment(adapter, url, DIPTYCH_REQUEST_TIMEOUT="60") as base:
        address = urlsplit(base)
        connection = http.client.HTTPConnection(str(address.hostname), address.port, timeout=120)
        found = []
        for label, target in CASES:
            connection.close()
            found.append(measured(connection, target))
            print(f"{adapter}: {label}: {found[-1].median:.1f} {found[-1].p95:.1f}", flush=True)
        return found


def markdown(found: dict[str, list[Measured]], seconds: dict[str, float]) -> str:
    """Return the Markdown for the page."""
    lines = ["| | " + " | ".join(found) + " |", "|---|" + "---|" * len(found)]
    for place, (label, _) in enumerate(CASES):
        cells = (f"{each[place].median:.1f} / {each[place].p95:.1f}" for each in found.values())
        lines.append(f"| {label} | {' | '.join(cells)} |")
    times = ", ".join(f"{backend} {taken:.1f} s" for backend, taken in seconds.items())
    about = (
        f"Milliseconds with {BOOKS:,} books, {BOOKS // 10:,} authors and {TAGS:,} tags: the median, and what 95 of 100"
        f" requests take at most. Counting the whole catalogue takes a worker: {times}. Load average before the run:"
        f" {LOAD:.1f}. {datetime.now(UTC):%Y-%m-%d}, {platform.system()} on {os.cpu_count()} cores, Python"
        f" {platform.python_version()}."
    )
    return "\n".join([*lines, "", about, ""])


def main() -> int:
    """Measure, print and write the figures."""
    found: dict[str, list[Measured]] = {}
    seconds: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as directory, postgresql(Path(directory) / "files") as server:
        for backend, url in (("PostgreSQL", server.get_uri()), ("SQLite", f"sqlite:///{directory}/facets.db")):
            began = time.perf_counter()
            filled(url)
            seconds[backend] = counted(url)
            print(
                f"{backend}: filled in {time.perf_counter() - began:.0f} s, counted in {seconds[backend]:.1f} s",
                flush=True,
            )
            for adapter in ADAPTERS:
                found[f"{adapter}, {backend}"] = served(adapter, url)
    if BOOKS == WHOLE:
        write(ROOT / "docs" / "performance.md", COMMAND, markdown(found, seconds))
    return 0


if __name__ == "__main__":
    sys.exit(main())
