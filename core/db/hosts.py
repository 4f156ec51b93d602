"""The hosts of a PostgreSQL engine: which one to dial first, and which pooled connections to give up.

libpq dials the hosts of a URL in their order, each time. A host that has stopped responding costs each connection its
connect timeout then, and each pooled connection to it a request's deadline.
"""

from __future__ import annotations

import math
import time
from typing import Any

import psycopg
from sqlalchemy import Dialect, Engine, event
from sqlalchemy.pool import ConnectionPoolEntry

from diptych.core import deadline

WRITABLE = ("read-write", "primary")
"""The values of target_session_attrs with which all connections belong on one host."""

SPARE = 0.5
"""Seconds by which connecting may outlast a request's deadline: it is answered within a second of that."""

_OPENED = "diptych_opened"
"""Key in the pool entry's `info` of a connection's host and of the time when it was opened (monotonic)."""

Host = tuple[str, str]
"""A host and its port; the port is empty where the URL names none."""


class Hosts:
    """The hosts of one engine, in the order in which to dial them."""

    def __init__(self, engine: Engine) -> None:
        _, options = engine.dialect.create_connect_args(engine.url)
        names = str(options.get("host", "")).split(",")
        ports = str(options.get("port", "")).split(",")
        self._order: tuple[Host, ...] = tuple(zip(names, ports if len(ports) > 1 else ports * len(names), strict=True))
        self._one_at_a_time = len(names) > 1 and options.get("target_session_attrs") in WRITABLE
        self._in_doubt = False
        self._cut: dict[Host, float] = {}
        self._failed = -math.inf
        event.listen(engine, "connect", self._opened, insert=True)
        if len(names) > 1 and "hostaddr" not in options:
            event.listen(engine, "do_connect", self._connect)

    def cut(self, entry: ConnectionPoolEntry) -> None:
        """Note that a connection did not respond: dial its host last, and give up the other connections to it."""
        if (opened := entry.info.get(_OPENED)) is not None:
            host, _ = opened
            self._cut[host] = time.monotonic()
            self._order = (*(each for each in self._order if each != host), host)
            self._in_doubt = True

    def is_given_up(self, entry: ConnectionPoolEntry) -> bool:
        """Return whether an idle connection's host did not respond on another, or is no longer the one that writes."""
        if not self._in_doubt:
            return False
        host, opened = entry.info[_OPENED]
        return opened < self._cut.get(host, 0.0) or (self._one_at_a_time and host != self._order[0])

    def _connect(self, dialect: Dialect, _entry: ConnectionPoolEntry, arguments: Any, options: Any) -> Any:
        """Connect to the first host that can be used.

        A request that is almost over does not try where another has just failed: it would wait for too long.
        """
        timeout, now, remaining = float(options["connect_timeout"]), time.monotonic(), deadline.remaining()
        if now < self._failed + timeout and remaining is not None and remaining < timeout - SPARE:
            raise psycopg.OperationalError("no host could be connected to a moment ago")
        names, ports = zip(*self._order, strict=True)
        try:
            return dialect.connect(*arguments, **{**options, "host": ",".join(names), "port": ",".join(ports)})
        except psycopg.OperationalError:
            self._failed = time.monotonic()
            raise

    def _opened(self, _connection: Any, entry: ConnectionPoolEntry) -> None:
        """Dial the host of a new connection first from now on."""
        host = self._host(entry.driver_connection)
        self._failed = -math.inf
        entry.info[_OPENED] = host, time.monotonic()
        if host != self._order[0]:
            self._order = (host, *(each for each in self._order if each != host))
            self._in_doubt = True

    def _host(self, driver: Any) -> Host:
        """Return the one of the hosts to which a connection leads."""
        info = driver.info
        return next(
            (each for each in self._order if each in ((info.host, str(info.port)), (info.host, ""))), self._order[0]
        )
