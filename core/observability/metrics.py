"""Prometheus metrics, summed over all processes of the service."""

from __future__ import annotations

import logging
import os
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from itertools import accumulate
from pathlib import Path
from threading import RLock
from typing import Any

from sqlalchemy import Pool, event
from sqlalchemy.pool import ConnectionPoolEntry

from diptych.core.engine.entity import now
from diptych.core.jobs.schemas import UnfinishedJobs
from diptych.core.observability.multiprocess_dir import VARIABLE
from diptych.core.observability.shared_counters import Key, Numbers, SharedCounters, read_all_processes

_log = logging.getLogger("diptych")

TEXT = "text/plain; version=0.0.4; charset=utf-8"
"""Prometheus's text format (prometheus.io/docs/instrumenting/exposition_formats)."""

REQUESTS = "diptych_requests_total"
SECONDS = "diptych_request_duration_seconds"
IN_USE = "diptych_pool_connections_in_use"
REFUSED = "diptych_buffers_full_total"
EVENTS = "diptych_security_events_total"
JOBS = "diptych_jobs"
OLDEST_JOB = "diptych_jobs_oldest_queued_seconds"

BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Upper bounds in seconds. A read takes one to five milliseconds."""

# The numbers of a method, route and status: requests by bucket, the overflow bucket last, then the sum of seconds.
_SECONDS = len(BUCKETS) + 1
_WIDTH = _SECONDS + 1

_LABELS = {
    REFUSED: ("direction", "Requests and responses dropped because a process's buffers were full."),
    EVENTS: ("event", "Security events, by kind."),
}
"""Counters with one label: its name, and what they count. Their keys have the name and the label's value."""

_CONNECTIONS = (IN_USE,)
"""The key of the row whose first number counts the connections in use."""


class Metrics:
    """The counters of one process, created on first use, so that commands create none."""

    def __init__(self) -> None:
        # Reentrant: the garbage collector may return a connection while this lock is held.
        self._lock = RLock()
        self._counts = _shared()
        self._connections = self._counts.row(_CONNECTIONS)
        # Reset what a killed process with the same pid has left.
        self._connections[0] = 0
        self._rows: dict[tuple[str, str, int], Numbers] = {}

    def count(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a finished request. Errors: OSError where there is no room for another key."""
        with self._lock:
            row = self._rows.get((method, route, status))
            if row is None:
                row = self._rows[method, route, status] = self._counts.row((method, route, str(status)))
            row[bisect_left(BUCKETS, seconds)] += 1
            row[_SECONDS] += seconds

    def use(self, more: int) -> None:
        """Add to the number of connections in use; negative to subtract."""
        with self._lock:
            self._connections[0] += more

    def refuse(self, direction: str) -> None:
        """Count a request or a response that the process had no room for. Errors: as `count`."""
        with self._lock:
            self._counts.row((REFUSED, direction))[0] += 1

    def count_event(self, event: str) -> None:
        """Count a security event. Errors: as `count`."""
        with self._lock:
            self._counts.row((EVENTS, event))[0] += 1

    def all(self) -> Iterator[tuple[int, Key, list[float]]]:
        """Return all counters, as SharedCounters.all."""
        return self._counts.all()


def _shared() -> SharedCounters:
    """Create this process's counters, shared with the other processes if possible."""
    directory = os.environ.get(VARIABLE)
    try:
        return SharedCounters(_WIDTH, Path(directory) if directory else None)
    except OSError as error:
        # A failure of the metrics must not fail the request.
        _log.error("the metrics of this process are not shared with the others: %s", error.strerror)
        return SharedCounters(_WIDTH, None)


_made: list[Metrics] = []
_making = RLock()
# A forked process has its own counters.
os.register_at_fork(after_in_child=_made.clear)


def metrics() -> Metrics:
    """Return the counters of this process, shared by its threads."""
    if not _made:
        with _making:
            if not _made:
                _made.append(Metrics())
    return _made[0]


def watch(pool: Pool) -> None:
    """Count the checkouts and checkins of a pool."""
    in_use: set[ConnectionPoolEntry] = set()

    @event.listens_for(pool, "checkout")
    def taken(_connection: Any, entry: ConnectionPoolEntry, _proxy: Any) -> None:
        in_use.add(entry)
        metrics().use(1)

    @event.listens_for(pool, "checkin")
    def given_back(_connection: Any, entry: ConnectionPoolEntry) -> None:
        # SQLAlchemy also fires checkin for a connection whose reconnect failed and that was never checked out.
        if entry in in_use:
            in_use.remove(entry)
            metrics().use(-1)


def answered() -> tuple[int, int]:
    """Return how many requests all processes of this service have answered, and how many with status 500 or above."""
    requests = errors = 0.0
    for _, key, numbers in _counted():
        if len(key) == len(("method", "route", "status")):
            number = sum(numbers[:_SECONDS])
            requests += number
            errors += number if key[2] >= "5" else 0
    return int(requests), int(errors)


def _counted() -> Iterable[tuple[int, Key, list[float]]]:
    """Return the counters of all processes of this service."""
    directory = os.environ.get(VARIABLE)
    mine = metrics()
    return read_all_processes(_WIDTH, Path(directory)) if directory else mine.all()


def exposition(jobs: UnfinishedJobs | None = None) -> bytes:
    """Return all metrics in Prometheus's text format. jobs: those of the database, None where it does not answer."""
    return "".join(f"{line}\n" for line in (*_lines(_counted()), *_lines_of_jobs(jobs))).encode()


def _lines_of_jobs(jobs: UnfinishedJobs | None) -> Iterator[str]:
    if jobs is None:
        return
    yield from _head(JOBS, "gauge", "Jobs that wait for a worker, and jobs that a worker does.")
    yield f'{JOBS}{{state="queued"}} {jobs.queued}'
    yield f'{JOBS}{{state="running"}} {jobs.running}'
    age = 0.0 if jobs.oldest is None else max(0.0, (now() - jobs.oldest).total_seconds())
    yield from _head(OLDEST_JOB, "gauge", "Seconds since the oldest job that waits was asked for.")
    yield f"{OLDEST_JOB} {age:.3f}"


def _lines(counted: Iterable[tuple[int, Key, list[float]]]) -> Iterator[str]:
    """Yield the lines of the text format. Labels need no escaping, because none contains a client's data."""
    connections = 0.0
    labelled: dict[Key, float] = {(REFUSED, direction): 0.0 for direction in ("request", "response")}
    by_status: dict[Key, list[float]] = {}
    for process, key, numbers in counted:
        if key[0] in _LABELS:
            labelled[key] = labelled.get(key, 0.0) + numbers[0]
        elif key != _CONNECTIONS:
            _add(by_status, key, numbers)
        elif numbers[0] and _alive(process):
            # A killed process no longer uses connections; its other counts stay.
            connections += numbers[0]
    by_route: dict[Key, list[float]] = {}
    yield from _head(REQUESTS, "counter", "Requests, by method, route and status.")
    for (method, route, status), numbers in sorted(by_status.items()):
        _add(by_route, (method, route), numbers)
        yield f'{REQUESTS}{{method="{method}",route="{route}",status="{status}"}} {sum(numbers[:_SECONDS])}'
    yield from _head(SECONDS, "histogram", "Seconds from a whole request to its whole answer.")
    for (method, route), numbers in by_route.items():
        labels = f'method="{method}",route="{route}"'
        for bound, count in zip((*BUCKETS, "+Inf"), accumulate(numbers[:_SECONDS]), strict=True):
            yield f'{SECONDS}_bucket{{{labels},le="{bound}"}} {count}'
        yield f"{SECONDS}_count{{{labels}}} {sum(numbers[:_SECONDS])}"
        yield f"{SECONDS}_sum{{{labels}}} {numbers[_SECONDS]}"
    yield from _head(IN_USE, "gauge", "Database connections that are in use.")
    yield f"{IN_USE} {connections}"
    for name, (label, meaning) in _LABELS.items():
        yield from _head(name, "counter", meaning)
        for key in sorted(key for key in labelled if key[0] == name):
            yield f'{name}{{{label}="{key[1]}"}} {labelled[key]}'


def _head(name: str, kind: str, meaning: str) -> tuple[str, str]:
    return f"# HELP {name} {meaning}", f"# TYPE {name} {kind}"


def _add(to: dict[Key, list[float]], key: Key, numbers: list[float]) -> None:
    to[key] = [before + more for before, more in zip(to.get(key, [0.0] * _WIDTH), numbers, strict=True)]


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass  # another user's process, but alive
    return True
