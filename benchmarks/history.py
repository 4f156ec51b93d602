"""`make bench-history`: what the history costs an import, and requests that write one row.

Two databases have the same schema; in one of them the triggers that record changes are dropped. They take turns.
"""

from __future__ import annotations

import json
import os
import platform
import signal
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import MetaData

from benchmarks import catalogue, history_load
from benchmarks.importing import Server, books, imported
from benchmarks.running import token_of
from diptych.core.access.principal import HostUser
from diptych.core.catalogue.models import Base
from diptych.core.engine import history_triggers
from diptych.core.http.request_response import Request
from diptych.core.settings import Settings
from diptych.core.sync.application import Application
from tests.support.changes import opened
from tests.support.databases import DIPTYCH, ROOT, run
from tests.support.pages import write
from tests.support.postgresql import PostgreSQL, postgresql

COMMAND = "make bench-history"
BOOKS = int(os.environ.get("BOOKS", "10000"))
ROUNDS = int(os.environ.get("ROUNDS", "3"))

REQUESTS = 200
"""Requests of each kind in a round, on each database."""

LIMIT = 1.6
"""The most processor time of an import, as a multiple of that without the history."""

EDITOR = HostUser("1", "editor", "editor")


def without_history(url: str) -> str:
    """Drop the triggers of a database, and return its URL."""
    metadata: MetaData = Base.metadata
    with opened(url) as engine, engine.begin() as connection:
        for table in filter(history_triggers.is_recorded, metadata.sorted_tables):
            for statement in history_triggers.gone_from(table.name, connection.dialect.name):
                connection.exec_driver_sql(statement)
    return url


class Databases:
    """New databases of either kind."""

    def __init__(self, server: Server, directory: Path) -> None:
        self._server = server
        self._directory = directory

    def fresh(self, backend: str, name: str) -> str:
        """Create a database of this name, and return its URL."""
        if backend == "postgresql":
            return self._server.fresh(name)
        for suffix in ("", "-wal", "-shm"):
            (self._directory / f"{name}.db{suffix}").unlink(missing_ok=True)
        url = f"sqlite:///{self._directory}/{name}.db"
        run([*DIPTYCH, "database", "upgrade", "--no-prompt"], DATABASE_URL=url)
        return url

    def processor(self, backend: str) -> float:
        """Return the processor seconds of the server."""
        return self._server.processor() if backend == "postgresql" else 0.0


def imports(databases: Databases, backend: str, file: Path) -> list[tuple[float, float]]:
    """Import a file with and without the history; return the processor seconds of each, of all rounds."""
    found = []
    for _ in range(ROUNDS):
        taken = []
        for name, prepare in (("recorded", str), ("unrecorded", without_history)):
            url = prepare(databases.fresh(backend, name))
            before = databases.processor(backend)
            _, client, _ = imported(url, file)
            taken.append(client + databases.processor(backend) - before)
        found.append((taken[0], taken[1]))
        print(f"import on {backend}: {taken[0]:.1f} s with, {taken[1]:.1f} s without", flush=True)
    return found


class Client:
    """An application in this process on one database."""

    def __init__(self, url: str) -> None:
        self.application = Application(Settings(database_url=url))
        self._routes = {route.name: route for route in self.application.routes}
        self._author: str = self.ask("authors_create", {"name": "Homer"})["id"]
        self._written = 0

    def ask(self, name: str, body: Any = None, **parameters: str) -> Any:
        """Send a request, and return what is answered. Errors: RuntimeError, if it is refused."""
        route = self._routes[name]
        content = b"" if body is None else json.dumps(body).encode()
        headers = {"content-type": "application/json"}
        request = Request(route.methods[0], "", parameters, "", headers, content, user=EDITOR)
        response = self.application.handle(route, request)
        if response.status >= 300:
            raise RuntimeError(f"{name}: {response.status}")
        return json.loads(response.body) if response.body else None

    def change(self) -> None:
        """Change an author."""
        self._written += 1
        self.ask("authors_change", {"name": f"Homer {self._written}"}, id=self._author)

    def create(self) -> None:
        """Create a book."""
        self._written += 1
        self.ask("books_create", {"title": f"The Iliad {self._written}", "author_id": self._author, "year": 1950})


KINDS: dict[str, Callable[[Client], None]] = {"`PATCH` of an author": Client.change, "`POST` of a book": Client.create}


def requests(databases: Databases, backend: str) -> dict[str, tuple[float, float]]:
    """Return the median microseconds of each kind of request, with and without the history."""
    clients = [
        Client(databases.fresh(backend, "recorded")),
        Client(without_history(databases.fresh(backend, "unrecorded"))),
    ]
    found: dict[str, list[list[float]]] = {kind: [[], []] for kind in KINDS}
    for _ in range(ROUNDS + 1):
        for kind, send in KINDS.items():
            for client, times in zip(clients, found[kind], strict=True):
                for _ in range(REQUESTS):
                    begun = time.perf_counter()
                    send(client)
                    times.append(time.perf_counter() - begun)
    for client in clients:
        client.application.close()
    # The first round is for warming up.
    medians = {kind: [statistics.median(times[REQUESTS:]) * 1e6 for times in both] for kind, both in found.items()}
    return {kind: (recorded, unrecorded) for kind, (recorded, unrecorded) in medians.items()}


def loaded(databases: Databases, directory: Path, server: PostgreSQL) -> list[history_load.Compared]:
    """Load both adapters with the history and a token, and without both."""
    recorded = databases.fresh("postgresql", "recorded")
    unrecorded = without_history(databases.fresh("postgresql", "unrecorded"))
    run([*DIPTYCH, "access", "anonymous", "editor"], DATABASE_URL=unrecorded)
    processors = history_load.Processors(server.directory)
    tokens = token_of(recorded), ""
    return list(history_load.Load((recorded, unrecorded), tokens, directory, processors, catalogue.make()).compared())


def markdown(rows: list[tuple[str, str, float, float, str]], version: str, load: float) -> str:
    """Return the Markdown for the page."""
    lines = [
        "| | database | with the history | without | ratio |",
        "|---|---|---:|---:|---:|",
        *(
            f"| {what} | {backend} | {recorded:,.1f} {unit} | {unrecorded:,.1f} {unit} | {recorded / unrecorded:.2f} |"
            for what, backend, recorded, unrecorded, unit in rows
        ),
    ]
    machine = f"{platform.system()} on {os.cpu_count()} cores, Python {platform.python_version()}"
    return "\n".join(lines) + (
        f"\n\nImports: processor time of the command and of PostgreSQL, the median of {ROUNDS} rounds. Requests: the"
        f" median, in the process of the service, by the synchronous twin. {datetime.now(UTC):%Y-%m-%d}, {machine},"
        f" PostgreSQL {version} without fsync. Load average before the run: {load:.1f}.\n"
    )


def main() -> int:
    """Measure, print and write the figures; return 1 where an import takes too long."""
    rows: list[tuple[str, str, float, float, str]] = []
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as name, postgresql(Path(name) / "files", "fsync=off") as started:
        server = Server(started)
        databases = Databases(server, Path(name))
        file = Path(name) / "books.jsonl"
        file.write_bytes(b"".join(msgspec.json.encode(row) + b"\n" for row in books(BOOKS)))
        for backend in ("postgresql", "sqlite"):
            rounds = imports(databases, backend, file)
            recorded, unrecorded = sorted(rounds, key=lambda each: each[0] / each[1])[len(rounds) // 2]
            rows.append((f"import of {BOOKS:,} books", backend, recorded, unrecorded, "s"))
            rows += [(kind, backend, *both, "µs") for kind, both in requests(databases, backend).items()]
        loads = loaded(databases, Path(name), started)
    text = markdown(rows, server.version, load) + "\n" + history_load.markdown(loads)
    print(f"\n{text}")
    if "BOOKS" not in os.environ and "ROUNDS" not in os.environ:
        write(ROOT / "docs" / "performance.md", COMMAND, text)
    return int(any(recorded > LIMIT * unrecorded for _, _, recorded, unrecorded, unit in rows if unit == "s"))


if __name__ == "__main__":
    # Turn SIGTERM into an exception, so that no server is left running.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    sys.exit(main())
