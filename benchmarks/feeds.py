"""`make bench-opds`: what feeds for e-readers cost with a million books, of which few or most can be acquired.

Requests go to an otherwise idle service over HTTP, one at a time, on one connection, as those of `make bench-facets`.
Figures of fewer books (BOOKS, 120,000 at least) are printed only, unless PUBLISH is set.
"""

# ruff: noqa: S608 - the statements are constants of this file

from __future__ import annotations

import http.client
import json
import os
import platform
import re
import signal
import sqlite3
import sys
import tempfile
import time
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from html import unescape
from pathlib import Path
from urllib.parse import urlsplit

import psycopg

from benchmarks.facets import BOOKS, LOAD, REQUESTS, WHOLE, filled
from benchmarks.growth import MIDDLING
from tests.support.databases import ROOT
from tests.support.deployments import ADAPTERS, deployment
from tests.support.pages import write
from tests.support.postgresql import postgresql

COMMAND = "make bench-opds"

SHARES = {
    "one in 5,000 has a link, and one in 10,000 a file": ("{place} % 5000 = 17", "{place} % 10000 = 3"),
    "every second has a link, and every third a file": ("{place} % 2 = 1", "{place} % 3 = 0"),
}
"""Which books can be acquired, by what is said of them: those with a link, and those with a file."""

PLACE = "CAST(substr(slug, 2) AS integer)"
"""The number of a book, which its slug ends with."""

CASES = (
    ("`/opds/books`, the newest", "/opds/books", False),
    ("its second page", "/opds/books", True),
    ("`/opds/books?orderBy=title`", "/opds/books?orderBy=title&sortOrder=asc", False),
    ("its second page", "/opds/books?orderBy=title&sortOrder=asc", True),
    ("`/opds/books?q=`, one book in 500", f"/opds/books?q={MIDDLING}", False),
    ("`/opds/authors?orderBy=name`", "/opds/authors?orderBy=name&sortOrder=asc", False),
    ("`/opds/v2/books`, the newest", "/opds/v2/books", False),
    ("its second page", "/opds/v2/books", True),
    ("`/opds/v2/search?query=`, one book in 500", f"/opds/v2/search?query={MIDDLING}", False),
)
"""What is measured: the target, and whether it is the page that this links as the next."""


def statements(links: str, files: str) -> list[str]:
    """Return the statements that make books acquirable, on databases of both kinds."""
    digest, moment = "0" * 64, "2026-01-01 00:00:00"
    return [
        f"UPDATE book SET url = 'https://example.org/' || slug || '.epub' WHERE {links.format(place=PLACE)}",
        (
            "INSERT INTO file (sha256, size, media_type, state, created_at)"
            f" VALUES ('{digest}', 1, 'application/epub+zip', 'ready', '{moment}') ON CONFLICT DO NOTHING"
        ),
        (
            "INSERT INTO book_file (book_id, id, kind, sha256, created_at)"
            f" SELECT id, id, 'ebook', '{digest}', '{moment}' FROM book WHERE {files.format(place=PLACE)}"
            " ON CONFLICT DO NOTHING"
        ),
    ]


def stocked(url: str, links: str, files: str) -> None:
    """Make books of a catalogue acquirable."""
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection, connection:
            for statement in statements(links, files):
                connection.execute(statement)
        return
    with psycopg.connect(url, autocommit=True) as server:
        for statement in [*statements(links, files), "VACUUM ANALYZE"]:
            server.execute(statement.encode())


def following(connection: http.client.HTTPConnection, target: str) -> str:
    """Return the target of the next page of a feed."""
    connection.request("GET", target)
    body = connection.getresponse().read()
    if body.startswith(b"{"):
        return str(next(link["href"] for link in json.loads(body)["links"] if link["rel"] == "next"))
    found = re.search(r'<link rel="next"[^>]* href="([^"]*)"', body.decode())
    if found is None:
        raise RuntimeError(f"{target} has one page only")
    return unescape(found[1])


@dataclass(frozen=True, slots=True)
class Times:
    """Milliseconds of a case: the median, and the time that 95 of 100 requests take at most."""

    median: float
    p95: float


def times(connection: http.client.HTTPConnection, target: str) -> Times:
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
    return Times(taken[len(taken) // 2], taken[len(taken) * 95 // 100])


def served(adapter: str, url: str) -> list[Times]:
    """Serve a catalogue with one adapter, and measure all cases."""
    with deployment(adapter, url, DIPTYCH_REQUEST_TIMEOUT="60") as base:
        address = urlsplit(base)
        connection = http.client.HTTPConnection(str(address.hostname), address.port, timeout=120)
        found = []
        for label, target, is_second in CASES:
            connection.close()
            found.append(times(connection, following(connection, target) if is_second else target))
            print(f"{adapter}: {label}: {found[-1].median:.1f} {found[-1].p95:.1f}", flush=True)
        return found


def markdown(found: dict[str, dict[str, list[Times]]]) -> str:
    """Return the Markdown for the page."""
    lines = []
    for share, columns in found.items():
        lines += [f"Of {BOOKS:,} books, {share}:", ""]
        lines += ["| | " + " | ".join(columns) + " |", "|---|" + "---|" * len(columns)]
        for place, (label, _, _) in enumerate(CASES):
            cells = (f"{each[place].median:.1f} / {each[place].p95:.1f}" for each in columns.values())
            lines.append(f"| {label} | {' | '.join(cells)} |")
        lines.append("")
    about = (
        f"Milliseconds: the median, and what 95 of 100 requests take at most. Load average before the run: {LOAD:.1f}."
        f" {datetime.now(UTC):%Y-%m-%d}, {platform.system()} on {os.cpu_count()} cores, Python"
        f" {platform.python_version()}."
    )
    return "\n".join([*lines, about, ""])


def main() -> int:
    """Measure, print and write the figures."""
    found: dict[str, dict[str, list[Times]]] = {share: {} for share in SHARES}
    with tempfile.TemporaryDirectory() as directory, postgresql(Path(directory) / "files") as server:
        for backend, url in (("PostgreSQL", server.get_uri()), ("SQLite", f"sqlite:///{directory}/feeds.db")):
            filled(url)
            for share, (links, files) in SHARES.items():
                stocked(url, links, files)
                for adapter in ADAPTERS:
                    print(f"{backend}: {share}", flush=True)
                    found[share][f"{adapter}, {backend}"] = served(adapter, url)
    print(f"\n{markdown(found)}")
    if "PUBLISH" in os.environ or BOOKS == WHOLE:
        write(ROOT / "docs" / "performance.md", COMMAND, markdown(found))
    return 0


if __name__ == "__main__":
    # Turn SIGTERM into an exception, so that no server is left running.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    sys.exit(main())
