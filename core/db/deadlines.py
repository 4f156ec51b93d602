"""Deadlines: cancel a request's database work when the request's time is over.

A watchdog thread cancels it from outside. PostgreSQL's statement_timeout would cost each transaction a statement,
limits one statement and not a request, and needs a server that responds.
"""

from __future__ import annotations

import asyncio
import inspect
import os
import socket
import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import psycopg
from sqlalchemy import Engine, event
from sqlalchemy.pool import ConnectionPoolEntry

from diptych.core import deadline

TICK = 0.1
"""Seconds between two checks of the connections in use."""

GRACE = 0.6
"""Seconds that the database has to cancel a statement; after that the connection is cut.

With the checks before and after, a request is answered within a second of its deadline.
"""


def guard(engine: Engine, cut: Callable[[ConnectionPoolEntry], None] = lambda _: None) -> None:
    """Enforce deadlines on the connections of an engine. cut: called when one did not respond and was cut."""

    @event.listens_for(engine, "checkout")
    def begin(_connection: Any, entry: ConnectionPoolEntry, *_: Any) -> None:
        if (until := deadline.current()) is not None:
            _watch.begin(entry, until, cut)

    # A pooler may accept the connection and then queue its first query, which SQLAlchemy sends while connecting.
    if engine.dialect.name == "postgresql":
        event.listen(engine, "connect", begin, insert=True)

    @event.listens_for(engine, "checkin")
    def end(_connection: Any, entry: ConnectionPoolEntry) -> None:
        if _watch.end(entry):
            # A late cancel request could hit the next user of this connection.
            entry.invalidate(soft=True)


@dataclass(slots=True, eq=False)
class _Use:
    """The use of one connection by one request."""

    entry: ConnectionPoolEntry
    deadline: float
    cut: Callable[[ConnectionPoolEntry], None]
    overdue: bool = False


class _Watch:
    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Reset in a forked process, because threads do not survive a fork."""
        self._uses: dict[ConnectionPoolEntry, _Use] = {}
        self._lock = threading.Lock()
        self._some = threading.Event()
        self._thread: threading.Thread | None = None

    def begin(self, entry: ConnectionPoolEntry, deadline: float, cut: Callable[[ConnectionPoolEntry], None]) -> None:
        with self._lock:
            self._uses[entry] = _Use(entry, deadline, cut)
            if not self._some.is_set():
                self._some.set()
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._look, name="diptych deadlines", daemon=True)
                self._thread.start()

    def end(self, entry: ConnectionPoolEntry) -> bool:
        """Stop watching a connection; return whether its deadline had passed."""
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
                # One thread each: a database that does not respond blocks the cancel request too.
                try:
                    threading.Thread(target=self._stop, args=(use,), name="diptych cancels", daemon=True).start()
                except RuntimeError:
                    # The system is out of threads; the next check tries again.
                    use.overdue = False

    def _stop(self, use: _Use) -> None:
        """Cancel the current statement, and any that follows, until the request returns the connection."""
        cut = time.monotonic() + GRACE
        while self._uses.get(use.entry) is use:
            with suppress(*_GONE):
                connection = use.entry.driver_connection
                if connection is None:
                    # Connecting failed: no checkin of this connection will follow.
                    self.end(use.entry)
                elif time.monotonic() < cut or not hasattr(connection, "pgconn"):
                    _cancel(connection)
                else:
                    self._cut(use, connection)
            time.sleep(TICK)

    def _cut(self, use: _Use, connection: Any) -> None:
        """Shut the socket down, so that a blocked read ends."""
        with socket.socket(fileno=os.dup(connection.pgconn.socket)) as wire:
            # The descriptor may have been closed and reused before it was duplicated.
            if self._uses.get(use.entry) is use and connection.pgconn.socket >= 0:
                use.cut(use.entry)
                wire.shutdown(socket.SHUT_RDWR)
                # A connection that was never handed out is never returned.
                self.end(use.entry)


_watch = _Watch()
os.register_at_fork(after_in_child=_watch.forget)

_GONE = (psycopg.Error, sqlite3.Error, OSError, ValueError, AttributeError)
"""What happens when a connection is returned or closed meanwhile, or its server cannot be asked to cancel."""


def _cancel(connection: Any) -> None:
    # psycopg has cancel_safe, the SQLite drivers have interrupt.
    cancelling: Any
    cancelling = connection.cancel_safe(timeout=GRACE) if hasattr(connection, "cancel_safe") else connection.interrupt()
    if inspect.isawaitable(cancelling):
        asyncio.run(_finish(cancelling))


async def _finish(cancelling: Any) -> None:
    await cancelling
