"""Deadlines: a request's work in the database is ended when it takes longer than a request may.

It is ended from outside, by a thread that looks at the connections in use. PostgreSQL's own statement_timeout would
cost every transaction a statement, holds for one statement and not for a request, and needs a server that answers.
"""

from __future__ import annotations

import asyncio
import inspect
import os
import socket
import sqlite3
import threading
import time
from contextlib import suppress
from contextvars import ContextVar, Token
from dataclasses import dataclass
from typing import Any

import psycopg
from sqlalchemy import Engine, event
from sqlalchemy.pool import ConnectionPoolEntry

from diptych.core.errors import ServiceUnavailable

TOO_LONG = "This took longer than a request may."

TICK = 0.1
"""Seconds between two looks at the connections in use."""

GRACE = 1.0
"""Seconds that a database has to cancel what is overdue; then the connection to it is cut."""

_deadline: ContextVar[float | None] = ContextVar("deadline", default=None)


class deadline:  # noqa: N801 - used as what contextlib makes is, which takes three times as long
    """Gives what is done in its block until a moment, as time.monotonic() tells it."""

    __slots__ = ("_deadline", "_token")

    _token: Token[float | None]

    def __init__(self, deadline: float) -> None:
        self._deadline = deadline

    def __enter__(self) -> None:
        self._token = _deadline.set(self._deadline)

    def __exit__(self, *_: object) -> None:
        _deadline.reset(self._token)


def check() -> None:
    """Errors: ServiceUnavailable when the deadline has passed."""
    deadline = _deadline.get()
    if deadline is not None and time.monotonic() > deadline:
        raise ServiceUnavailable(TOO_LONG)


def guard(engine: Engine) -> None:
    """Keep the deadlines of whoever uses this engine's connections."""

    @event.listens_for(engine, "checkout")
    def begin(_connection: Any, entry: ConnectionPoolEntry, *_: Any) -> None:
        deadline = _deadline.get()
        if deadline is not None:
            _watch.begin(entry, deadline)

    # A pooler may have whoever has connected wait for its turn, with whatever SQLAlchemy asks first.
    if engine.dialect.name == "postgresql":
        event.listen(engine, "connect", begin, insert=True)

    @event.listens_for(engine, "checkin")
    def end(_connection: Any, entry: ConnectionPoolEntry) -> None:
        if _watch.end(entry):
            # The database may still be about to cancel, and would hit whoever had the connection next.
            entry.invalidate(soft=True)


@dataclass(slots=True, eq=False)
class _Use:
    """Of one connection by one request."""

    entry: ConnectionPoolEntry
    deadline: float
    overdue: bool = False


class _Watch:
    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Begin anew, in a process that was forked: no thread survives that."""
        self._uses: dict[ConnectionPoolEntry, _Use] = {}
        self._lock = threading.Lock()
        self._some = threading.Event()
        self._thread: threading.Thread | None = None

    def begin(self, entry: ConnectionPoolEntry, deadline: float) -> None:
        with self._lock:
            self._uses[entry] = _Use(entry, deadline)
            if not self._some.is_set():
                self._some.set()
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._look, name="diptych deadlines", daemon=True)
                self._thread.start()

    def end(self, entry: ConnectionPoolEntry) -> bool:
        """Whether the deadline had passed."""
        with self._lock:
            use = self._uses.pop(entry, None)
            return use is not None and use.overdue

    def _look(self) -> None:
        while self._some.wait():
            time.sleep(TICK)
            now = time.monotonic()
            with self._lock:
                late = [use for use in self._uses.values() if use.deadline < now and not use.overdue]
                for use in late:
                    use.overdue = True
                if not self._uses:
                    self._some.clear()
            for use in late:
                # A thread for each: a database that does not answer keeps whoever asks it to cancel waiting, too.
                try:
                    threading.Thread(target=self._stop, args=(use,), name="diptych cancels", daemon=True).start()
                except RuntimeError:
                    # The system has no thread for it now: the next look tries again.
                    use.overdue = False

    def _stop(self, use: _Use) -> None:
        """Cancel what runs, and what begins then, until the request has given the connection back."""
        cut = time.monotonic() + GRACE
        while self._uses.get(use.entry) is use:
            with suppress(*_GONE):
                connection = use.entry.driver_connection
                if connection is None:
                    # It could not be made ready to be used, and nobody gives it back.
                    self.end(use.entry)
                elif time.monotonic() < cut or not hasattr(connection, "pgconn"):
                    _cancel(connection)
                else:
                    self._cut(use, connection)
            time.sleep(TICK)

    def _cut(self, use: _Use, connection: Any) -> None:
        """Make whoever waits for PostgreSQL's server find that it has gone."""
        with socket.socket(fileno=os.dup(connection.pgconn.socket)) as wire:
            # The number may have become another's before it was copied.
            if self._uses.get(use.entry) is use and connection.pgconn.socket >= 0:
                wire.shutdown(socket.SHUT_RDWR)
                # One that never came to be used is not given back.
                self.end(use.entry)


_watch = _Watch()
os.register_at_fork(after_in_child=_watch.forget)

_GONE = (psycopg.Error, sqlite3.Error, OSError, ValueError, AttributeError)
"""What there is where a connection is given back, or closed, meanwhile, or a server cannot be asked to cancel."""


def _cancel(connection: Any) -> None:
    # SQLite's drivers know no cancel_safe, and PostgreSQL's no interrupt.
    told: Any
    told = connection.cancel_safe(timeout=GRACE) if hasattr(connection, "cancel_safe") else connection.interrupt()
    if inspect.isawaitable(told):
        asyncio.run(_finish(told))


async def _finish(told: Any) -> None:
    await told
