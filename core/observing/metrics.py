"""What Prometheus is told: of all processes of this service, whichever of them is asked."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from threading import Lock
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.multiprocess import MultiProcessCollector
from sqlalchemy import Pool, event
from sqlalchemy.pool import ConnectionPoolEntry

from core.observing.shared import VARIABLE

TEXT = CONTENT_TYPE_PLAIN_0_0_4

REQUESTS = "diptych_requests_total"
SECONDS = "diptych_request_duration_seconds"
IN_USE = "diptych_pool_connections_in_use"

BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Seconds. A read takes one to five milliseconds."""


class Metrics:
    """The numbers of one process, made when there is something to count: never by a command."""

    def __init__(self) -> None:
        if directory := os.environ.get(VARIABLE):
            Path(directory).mkdir(parents=True, exist_ok=True)
        self.registry = registry = CollectorRegistry()
        help_text = "Requests, by method, route and status."
        self._requests = Counter(REQUESTS, help_text, ("method", "route", "status"), registry=registry)
        help_text = "Seconds from a whole request to its whole answer."
        self._seconds = Histogram(SECONDS, help_text, ("method", "route"), registry=registry, buckets=BUCKETS)
        help_text = "Database connections that are in use."
        self.in_use = Gauge(IN_USE, help_text, registry=registry, multiprocess_mode="livesum")
        # Where a process of the same number has been killed, its file may be left.
        self.in_use.set(0)
        self._children: dict[tuple[str, str, int], tuple[Callable[[], None], Callable[[float], None]]] = {}

    def count(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request that has been answered."""
        children = self._children.get((method, route, status))
        if children is None:
            requests = self._requests.labels(method, route, str(status))
            children = requests.inc, self._seconds.labels(method, route).observe
            self._children[method, route, status] = children
        increment, observe = children
        increment()
        observe(seconds)


_made: list[Metrics] = []
_making = Lock()


def metrics() -> Metrics:
    """Those of this process, the same for all of its threads."""
    if not _made:
        with _making:
            if not _made:
                _made.append(Metrics())
    return _made[0]


def watch(pool: Pool) -> None:
    """Count what is taken from a pool of connections and given back to it."""
    in_use: set[ConnectionPoolEntry] = set()

    @event.listens_for(pool, "checkout")
    def taken(_connection: Any, entry: ConnectionPoolEntry, _proxy: Any) -> None:
        in_use.add(entry)
        metrics().in_use.inc()

    @event.listens_for(pool, "checkin")
    def given_back(_connection: Any, entry: ConnectionPoolEntry) -> None:
        # SQLAlchemy says so, too, of one that could not be made anew, and that nobody has had.
        if entry in in_use:
            in_use.remove(entry)
            metrics().in_use.dec()


def exposition() -> bytes:
    """All numbers, in Prometheus's text format."""
    alone = metrics().registry
    if directory := os.environ.get(VARIABLE):
        _forget_the_dead(Path(directory))
        registry = CollectorRegistry()
        MultiProcessCollector(registry, directory)  # type: ignore[no-untyped-call]
        return generate_latest(registry)
    # Of one process, prometheus-client tells besides when each number began.
    names = (REQUESTS, f"{SECONDS}_bucket", f"{SECONDS}_count", f"{SECONDS}_sum", IN_USE)
    return generate_latest(alone.restricted_registry(names))


def _forget_the_dead(directory: Path) -> None:
    """What a process has in use now is nothing when it has been killed. What it has counted stays."""
    for path in directory.glob("gauge_live*_*.db"):
        if not _alive(int(path.stem.rpartition("_")[2])):
            path.unlink(missing_ok=True)


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass  # somebody else's, but alive
    return True
