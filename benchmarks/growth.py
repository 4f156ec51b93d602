"""`make growth`: the cost of a request with 10,000 books and with 1,000,000, through both adapters.

The cost is the time of one request over HTTP to an otherwise idle service. It includes the constant part of the
adapter and the core, as a client sees it. Requests go to the two catalogues in turn.
"""

# ruff: noqa: S603, S608 - the commands and statements are constants of this file

from __future__ import annotations

import contextlib
import http.client
import json
import os
import platform
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import psycopg

from tests.support.databases import DIPTYCH, ROOT, environment
from tests.support.deployments import ADAPTERS, deployment
from tests.support.pages import write
from tests.support.postgresql import postgresql

COMMAND = "make growth"
SIZES = {"small": (10_000, 1_000), "large": (1_000_000, 100_000)}
"""Books and authors."""

LIMITS = {"": 1.3, "search": 3.0}
REQUESTS = int(os.environ.get("REQUESTS", "200"))
"""Number of requests of each kind to each catalogue, through each adapter."""

VOCABULARY = 20_000
RARE, MIDDLING, COMMON, ABSENT = "zyzzyva", "quagga", "lighthouse", "nosuchword"
SHARES = {COMMON: 10, MIDDLING: 500}
"""One book in this many has the word. Ten books have the rare one."""

CHANCE = random.Random(6)  # noqa: S311 - the same catalogue each time


# The catalogues


def vocabulary() -> list[str]:
    """Return words, the most common first and short, as in natural languages."""
    found: dict[str, None] = {}
    while len(found) < VOCABULARY:
        syllables = 1 + (len(found) > 40) + (len(found) > 800) + CHANCE.randrange(2)
        found["".join(CHANCE.choice("bcdfghklmnprstv") + CHANCE.choice("aeiou") for _ in range(syllables))] = None
    return list(found)


WORDS = vocabulary()


def name(count: int) -> str:
    """Return some words, drawn by Zipf's law from the vocabulary."""
    return " ".join(WORDS[int(VOCABULARY ** CHANCE.random()) - 1] for _ in range(count))


def identifier(number: int) -> str:
    """Return a UUIDv7."""
    return f"0190{number:08x}7{CHANCE.getrandbits(12):03x}8{CHANCE.getrandbits(60):015x}"


def title(number: int, books: int) -> str:
    """Return the title of a book, with the words that are searched for."""
    own = [word for word, share in SHARES.items() if CHANCE.randrange(share) == 0]
    own += [RARE] if number % (books // 10) == 7 else []
    return " ".join([name(CHANCE.randrange(2, 9)), *own])


def fill(url: str, books: int, authors: int) -> None:
    """Create the rows that an import would create."""
    begun = datetime(2020, 1, 1, tzinfo=UTC)
    common = "slug, search_text, sort_key, created_at, updated_at) FROM STDIN"
    ids = []
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        with cursor.copy(f"COPY author (id, name, {common}") as copy:
            for number in range(authors):
                ids.append(identifier(number))
                text, made = name(2), begun + timedelta(seconds=number)
                copy.write_row((ids[-1], text.title(), f"author-{number}", text, text, made, made))
        with cursor.copy(f"COPY book (id, title, author_id, isbn, year, language, description, {common}") as copy:
            for number in range(books):
                text, made = title(number, books), begun + timedelta(seconds=number)
                own = (
                    f"{9_780_000_000_000 + number}" if number % 3 else None,
                    CHANCE.randrange(1800, 2025) if number % 10 else None,
                    CHANCE.choice(["en", "en", "en", "fr", "de", "es", None]),
                    "Of all there is to say of it. " * 4 if number % 2 else None,
                )
                row = (identifier(number), text.title(), CHANCE.choice(ids), *own)
                copy.write_row((*row, f"book-{number}", text, text[:200], made, made))


def migrate(url: str, revision: str) -> float:
    """Migrate, and return the seconds that took. At the head, let everybody write: no request sends a token."""
    begun = time.perf_counter()
    _run(url, "database", "upgrade", "--no-prompt", revision)
    seconds = time.perf_counter() - begun
    if revision == "head":
        _run(url, "access", "anonymous", "editor")
    return seconds


def _run(url: str, *command: str) -> None:
    subprocess.run(
        [*DIPTYCH, *command], cwd=ROOT, env=environment(DATABASE_URL=url), check=True, stdout=subprocess.DEVNULL
    )


def made(server: Any, size: str) -> tuple[str, float]:
    """Create a catalogue at the head revision; return its URL and the seconds that revision 0004 took on it."""
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {size}".encode())
    url = str(server.get_uri(database=size))
    migrate(url, "0003")
    fill(url, *SIZES[size])
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")
        seconds = migrate(url, "head")
        connection.execute("VACUUM ANALYZE")
        connection.execute("CHECKPOINT")
    return url, seconds


# Requests


@dataclass(slots=True)
class Client:
    """One connection to one deployment, and the rows to request."""

    connection: http.client.HTTPConnection
    size: str
    books: list[str] = field(default_factory=list)
    authors: list[str] = field(default_factory=list)
    cursor: str = ""

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """Send a request and return the body. Errors: RuntimeError for an error response."""
        content = None if body is None else json.dumps(body).encode()
        headers = {} if content is None else {"Content-Type": "application/json"}
        self.connection.request(method, path, content, headers)
        response = self.connection.getresponse()
        answer = response.read()
        if response.status >= 300:
            raise RuntimeError(f"{method} {path}: {response.status} {answer[:500]!r}")
        return json.loads(answer)

    def connect(self) -> None:
        """Reconnect, because servers close idle connections."""
        self.connection.close()
        self.connection.connect()

    def list(self, **query: Any) -> Any:
        """Return a page of books."""
        return self.ask("GET", f"/books?{urlencode(query, quote_via=quote)}")

    def learn(self, url: str) -> None:
        """Find rows to request, and the cursor at nine tenths of the list."""
        with psycopg.connect(url) as connection:
            for table, found in (("book", self.books), ("author", self.authors)):
                rows = connection.execute(f"SELECT id FROM {table} ORDER BY random() LIMIT {REQUESTS}".encode())
                found.extend(str(row[0]) for row in rows)
            place = SIZES[self.size][0] * 9 // 10
            newest_first = "SELECT created_at FROM book ORDER BY created_at DESC, id DESC OFFSET %s LIMIT 1"
            (created,) = connection.execute(newest_first, [place]).fetchone() or ()
        self.cursor = self.list(createdBefore=created.isoformat(), total="false")["next"]

    def deep(self, _: int) -> None:
        """Request the next page from nine tenths of the list on."""
        self.cursor = self.list(cursor=self.cursor, total="false")["next"] or self.cursor


@dataclass(frozen=True, slots=True)
class Workload:
    """A kind of request. limit: the largest allowed ratio; None where it is only reported. slow: fewer requests."""

    name: str
    send: Callable[[Client, int], Any]
    limit: float | None = LIMITS[""]
    slow: bool = False


def listing(**query: Any) -> Callable[[Client, int], Any]:
    """Return a request for a page of books."""
    return lambda client, _: client.list(**query)


def some(items: list[str], number: int) -> str:
    """Return one of the items."""
    return items[number % len(items)]


def new(client: Client, number: int) -> dict[str, Any]:
    """Return a new book."""
    return {"title": title(0, SIZES[client.size][0]).title(), "author_id": some(client.authors, number)}


NO_TOTAL = {"total": "false"}
WORKLOADS = [
    Workload("get", lambda client, number: client.ask("GET", f"/books/{some(client.books, number)}")),
    Workload("first page, `total=false`", listing(**NO_TOTAL)),
    Workload("filtered page: `languageIn=fr&orderBy=title`", listing(languageIn="fr", orderBy="title", **NO_TOTAL)),
    Workload(
        "filtered page: `yearIn=1984&languageIn=fr`, by year",
        listing(yearIn=1984, languageIn="fr", orderBy="year", **NO_TOTAL),
    ),
    Workload("page by cursor at nine tenths", Client.deep),
    Workload("create", lambda client, number: client.ask("POST", "/books", new(client, number))),
    Workload(
        "patch the year",
        lambda client, number: client.ask("PATCH", f"/books/{some(client.books, number)}", {"year": number % 2000}),
    ),
    Workload(
        "patch the title",
        lambda client, number: client.ask(
            "PATCH", f"/books/{some(client.books, number)}", {"title": new(client, number)["title"]}
        ),
    ),
    Workload(
        "create 100 at once",
        lambda client, number: client.ask("POST", "/books/batch", {"items": [new(client, number) for _ in range(100)]}),
        None,
        slow=True,
    ),
    Workload("`q=` a common word (one book in 10)", listing(q=COMMON, **NO_TOTAL), LIMITS["search"]),
    Workload("`q=` a rare word (ten books)", listing(q=RARE, **NO_TOTAL), LIMITS["search"]),
    Workload("`q=` both", listing(q=f"{COMMON} {RARE}", **NO_TOTAL), LIMITS["search"]),
    Workload("`q=` a common word, `orderBy=title`", listing(q=COMMON, orderBy="title", **NO_TOTAL), LIMITS["search"]),
    Workload("`q=` a word that no book has", listing(q=ABSENT, **NO_TOTAL), LIMITS["search"]),
    Workload("`q=` a word in between (one book in 500)", listing(q=MIDDLING, **NO_TOTAL), None, slow=True),
    Workload("`q=` a common word, with its total", listing(q=COMMON), None, slow=True),
    Workload("first page, with the total", listing(), None, slow=True),
    Workload("filtered page, with its total", listing(languageIn="fr"), None, slow=True),
    Workload(
        "page by number, 9,000 rows in",
        lambda client, _: client.list(currentPage=451, **NO_TOTAL),
        None,
        slow=True,
    ),
    Workload("`searchString=` a common text", listing(searchString=COMMON, **NO_TOTAL), None, slow=True),
    Workload("`searchString=` a rare text", listing(searchString=RARE, **NO_TOTAL), None, slow=True),
]


@dataclass(frozen=True, slots=True)
class Measured:
    """Medians in milliseconds."""

    workload: Workload
    adapter: str
    small: float
    large: float

    @property
    def ratio(self) -> float:
        """The cost in the large catalogue as a multiple of that in the small one."""
        return self.large / self.small


def measure(workload: Workload, adapter: str, clients: dict[str, Client]) -> Measured:
    """Send requests to both catalogues in turn."""
    taken: dict[str, list[float]] = {size: [] for size in clients}
    requests = max(5, REQUESTS // 10) if workload.slow else REQUESTS
    for number in range(-requests // 10, requests):
        for size, client in clients.items():
            if workload.slow or number == -requests // 10:
                client.connect()
            begun = time.perf_counter()
            workload.send(client, number)
            if number >= 0:
                taken[size].append(time.perf_counter() - begun)
    return Measured(workload, adapter, *(statistics.median(taken[size]) * 1000 for size in ("small", "large")))


@contextlib.contextmanager
def served(adapter: str, urls: dict[str, str]) -> Iterator[dict[str, Client]]:
    """Serve both catalogues with one adapter."""
    with contextlib.ExitStack() as stack:
        clients = {}
        for size, url in urls.items():
            address = urlsplit(stack.enter_context(deployment(adapter, url, DIPTYCH_REQUEST_TIMEOUT="120")))
            connection = http.client.HTTPConnection(str(address.hostname), address.port, timeout=300)
            clients[size] = Client(connection, size)
            clients[size].learn(url)
        yield clients


# The report


def table(found: list[Measured]) -> str:
    """Return the figures as a table, one line for each kind of request."""
    lines = [
        "| | " + " | ".join(f"{adapter}: 10,000 | 1,000,000 | ratio" for adapter in ADAPTERS) + " | at most |",
        "|---|" + "---|" * (3 * len(ADAPTERS) + 1),
    ]
    for workload in WORKLOADS:
        row = {each.adapter: each for each in found if each.workload is workload}
        cells = [
            f"{row[adapter].small:.1f} | {row[adapter].large:.1f} | {row[adapter].ratio:.2f}" for adapter in ADAPTERS
        ]
        lines.append(f"| {workload.name} | {' | '.join(cells)} | {workload.limit or ''} |")
    return "\n".join(lines)


def markdown(found: list[Measured], seconds: float, version: str) -> str:
    """Return the Markdown for the page."""
    few = max(5, REQUESTS // 10)
    return (
        f"{table(found)}\n\nMilliseconds, medians of {REQUESTS} requests ({few} for slow ones), one at a time."
        f" Revision 0004 took {seconds:.0f} s over the million books."
        f" {datetime.now(UTC):%Y-%m-%d}, {platform.system()} on {os.cpu_count()} cores, Python"
        f" {platform.python_version()}, PostgreSQL {version} with default settings (`shared_buffers` 128 MB).\n"
    )


def main() -> int:
    """Measure, print and write the figures; return 1 where a ratio exceeds its limit."""
    with tempfile.TemporaryDirectory() as directory, postgresql(Path(directory) / "files") as server:
        urls, seconds = {}, 0.0
        for size in SIZES:
            urls[size], seconds = made(server, size)
            print(f"{SIZES[size][0]:,} books are there; revision 0004 took {seconds:.1f} s over them.", flush=True)
        with psycopg.connect(server.get_uri()) as connection:
            version = connection.execute("SHOW server_version").fetchone()[0]  # type: ignore[index]
        found = []
        for adapter in ADAPTERS:
            with served(adapter, urls) as clients:
                for workload in WORKLOADS:
                    found.append(measure(workload, adapter, clients))
                    last = found[-1]
                    print(f"{adapter}: {workload.name}: {last.small:.2f} {last.large:.2f} {last.ratio:.2f}", flush=True)
    write(ROOT / "docs" / "performance.md", COMMAND, markdown(found, seconds, version))
    grown = [each for each in found if each.workload.limit and each.ratio > each.workload.limit]
    for each in grown:
        print(f"{each.adapter}: {each.workload.name} has grown {each.ratio:.2f} times", file=sys.stderr)
    return 1 if grown else 0


if __name__ == "__main__":
    sys.exit(main())
