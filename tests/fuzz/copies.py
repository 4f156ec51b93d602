"""Copies of one catalogue, each behind its own deployment, and requests sent to all of them."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import httpx
from sqlalchemy import Connection, Engine, select, update

from diptych.core.access.events.model import SecurityEvent
from diptych.core.access.tokens.model import ApiToken
from diptych.core.catalogue.models import Base
from diptych.core.database import sync_config
from diptych.core.engine.entity import now
from diptych.core.history.model import Change
from diptych.core.settings import Settings
from tests.fuzz.alike import Different, Pairing
from tests.fuzz.odd import ORIGIN
from tests.fuzz.rules import check_stored
from tests.fuzz.steps import JSON, Known, Step, resource_of
from tests.fuzz.stock import make_stock
from tests.schemathesis.run import token_of
from tests.support import patient
from tests.support.databases import BACKENDS, Databases
from tests.support.deployments import ADAPTERS, deployment

NO_TAG = '"of nothing"'

ROLE = os.environ.get("FUZZ_AS") or "anonymous"
"""Of the client that sends the sequences."""

SAFE = ("GET", "HEAD", "OPTIONS")

HISTORY: Any = Change.__table__
EVENTS: Any = SecurityEvent.__table__

TABLES = [table for table in Base.metadata.sorted_tables if table not in (HISTORY, EVENTS)]
"""All but those whose rows the triggers write: PostgreSQL has one for a statement, and SQLite one for a row."""

TOLD = {"fingerprint", "headers", "body"}
"""Columns that contain a request or response: those are compared when they are sent."""

Rows = dict[str, list[dict[str, Any]]]
"""Table -> its rows, as Python has them."""


@dataclass
class Copy:
    """One deployment and its database."""

    name: str
    client: httpx.Client
    engine: Engine
    connection: Connection
    database: str

    def rows(self) -> Rows:
        """Return every row of every table."""
        found = {}
        for table in TABLES:
            found[table.name] = [dict(row) for row in self.connection.execute(select(table)).mappings()]
        self.connection.rollback()
        return found

    def reset(self, stock: Rows) -> None:
        """Restore exactly the stock's rows."""
        for table in reversed(TABLES):
            self.connection.execute(table.delete())
        for table in TABLES:
            if stock[table.name]:
                self.connection.execute(table.insert(), stock[table.name])
        self.connection.execute(HISTORY.delete())
        self.connection.execute(EVENTS.delete())
        self.connection.commit()


class Copies:
    """Every adapter on every database; the first is the reference.

    sqlite: a separate connection to the first one's database.
    """

    def __init__(self, copies: list[Copy], pool: ThreadPoolExecutor, sqlite: sqlite3.Connection) -> None:
        self.all = copies
        self.pool = pool
        self.sqlite = sqlite
        # The initial rows, as responses show them and as they are stored.
        self.told = make_stock(copies[0].client)
        if ROLE != "anonymous":
            self._sign_in()
        self.stock = copies[0].rows()
        self.sequences = self.requests = 0
        # The first copy's response to each key of the sequence.
        self.answered: dict[str, bytes] = {}

    def _sign_in(self) -> None:
        """Have all requests sent with a token of an account, which is part of the stock."""
        first = self.all[0]
        token = token_of(first.database, ROLE)
        for copy in self.all:
            copy.client.headers["Authorization"] = f"Bearer {token}"
        # Later than any use of it: none is stored, so that reading leaves no trace.
        first.connection.execute(update(ApiToken).values(last_used_at=now() + timedelta(days=1)))
        first.connection.commit()

    def run(self, steps: Sequence[Step]) -> None:
        """Send a sequence to every copy in its initial state. Errors: Different, with steps and copies."""
        self.sequences += 1
        with _saying("".join(f"\n    {step}," for step in steps)):
            self._run(steps)

    def _run(self, steps: Sequence[Step]) -> None:
        self._each(lambda copy: copy.reset(self.stock))
        self.answered = {}
        known = [Known(self.told) for _ in self.all]
        pairings = [Pairing() for _ in self.all]
        for number, step in enumerate(steps):
            with _saying(f"step {number}, {step.method} {step.path}"):
                self._step(step, known, pairings)
        stored = self._each(Copy.rows)
        check_stored(stored[0])
        rows = [_as_text(found) for found in stored]
        for copy, pairing, there in zip(self.all[1:], pairings[1:], rows[1:], strict=True):
            with _saying(f"the rows after, {self.all[0].name} and {copy.name}"):
                pairing.rows(rows[0], there)

    def _step(self, step: Step, known: list[Known], pairings: list[Pairing]) -> None:
        before, repeated = self._version(), step.key in self.answered
        requests = [knows.request(copy.client, step) for knows, copy in zip(known, self.all, strict=True)]
        answers = list(self.pool.map(lambda pair: pair[0].client.send(pair[1]), zip(self.all, requests, strict=True)))
        self.requests += len(answers)
        first = answers[0]
        if first.status_code >= 500:
            raise Different(f"nothing may be answered {first.status_code}")
        if (first.is_error or step.method in SAFE) and self._version() != before:
            raise Different(f"{step.method} answered {first.status_code}, and still the database was written to")
        # Slug tokens are random: an order by them differs each time.
        by_lot = ("orderBy", "slug") in tuple(step.query) and any(pairing.slugs_differ for pairing in pairings)
        for copy, pairing, answer in zip(self.all[1:], pairings[1:], answers[1:], strict=True):
            with _saying(f"{self.all[0].name} and {copy.name}"):
                (pairing.shapes if by_lot else pairing.answers)(first, answer)
        if first.is_success and step.key is not None:
            if self.answered.setdefault(step.key, first.content) != first.content:
                raise Different(f"the key {step.key} was answered {self.answered[step.key]!r}\n  then {first.text}")
            if repeated:
                return
        if first.is_success and first.content and first.headers["Content-Type"] == JSON and not by_lot:
            for knows, answer in zip(known, answers, strict=True):
                knows.learn(answer.json(), etag=answer.headers.get("ETag", NO_TAG))
            if step.method not in SAFE:
                self._read_back(first.json())

    def _read_back(self, told: dict[str, Any]) -> None:
        """Check that reads by id and by slug show what a write returned. Errors: Different."""
        for row in told.get("items", [told])[:3]:
            if "created_at" in row:
                paths = [f"/{resource_of(row)}/{row['id']}"]
                if "slug" in row:
                    paths.append(f"/{resource_of(row)}/slug/{quote(row['slug'], safe='')}")
                for path in paths:
                    self.requests += 1
                    answer = self.all[0].client.get(path)
                    if answer.json() != row:
                        raise Different(f"a write told {row}\n  and {path} then {answer.text}")

    def _version(self) -> int:
        """Return a number that changes when someone commits a change to the first copy's database."""
        return int(self.sqlite.execute("PRAGMA data_version").fetchone()[0])

    def _each(self, do: Any) -> list[Any]:
        return list(self.pool.map(do, self.all))


@contextlib.contextmanager
def _saying(where: str) -> Iterator[None]:
    try:
        yield
    except Different as error:
        raise Different(f"{where}\n  {error}") from None


def _as_text(rows: Rows) -> dict[str, list[tuple[tuple[str, Any], ...]]]:
    return {
        table: [
            tuple((name, None if value is None else _text(value)) for name, value in row.items() if name not in TOLD)
            for row in found
        ]
        for table, found in rows.items()
    }


def _text(value: Any) -> str:
    if hasattr(value, "tzinfo"):
        return str(value.isoformat()).replace("+00:00", "Z")
    return str(value)


@contextlib.contextmanager
def copies(databases: Databases) -> Iterator[Copies]:
    """Start every adapter on every database, each on its own copy."""
    with contextlib.ExitStack() as stack:
        pool = stack.enter_context(ThreadPoolExecutor(len(BACKENDS) * len(ADAPTERS)))
        names = [(adapter, backend) for backend in BACKENDS for adapter in ADAPTERS]
        urls = [databases.migrated(backend) for _, backend in names]
        # One worker: ids that two workers generate within one millisecond have no order.
        settings = {"DIPTYCH_WORKERS": "1", "DIPTYCH_CORS_ORIGINS": ORIGIN}
        starting = [deployment(adapter, url, **settings) for (adapter, _), url in zip(names, urls, strict=True)]
        servers = pool.map(stack.enter_context, starting)
        found = [
            _copy(stack, f"{adapter}-{backend}", server, url)
            for (adapter, backend), url, server in zip(names, urls, servers, strict=True)
        ]
        sqlite = sqlite3.connect(urls[0].removeprefix("sqlite:///"), isolation_level=None)
        stack.callback(sqlite.close)
        yield Copies(found, pool, sqlite)


def _copy(stack: contextlib.ExitStack, name: str, server: str, database: str) -> Copy:
    engine = sync_config(Settings(database_url=database)).get_engine()
    stack.callback(engine.dispose)
    connection = stack.enter_context(engine.connect())
    client = stack.enter_context(patient.Client(base_url=server))
    return Copy(name, client, engine, connection, database)
