# Generated from core/aio/operations/metrics.py by tools/unasync.py: do not edit, run "make twins".
"""The service's metrics, for Prometheus."""

from __future__ import annotations

from time import monotonic

from sqlalchemy.exc import DBAPIError

from diptych.core import deadline
from diptych.core.errors import CatalogueError
from diptych.core.http.lanes import METRICS
from diptych.core.http.operations import Operation, OperationRequest, OperationResult
from diptych.core.jobs.schemas import UnfinishedJobs
from diptych.core.observability import metrics
from diptych.core.sync.job_queue import count_unfinished
from diptych.core.sync.unit_of_work import Database

COUNT_TIMEOUT = 1.0
"""Seconds that the database has to count the jobs; without an answer, the metrics of jobs are left out."""


def read(database: Database, _call: OperationRequest) -> OperationResult:
    """Return the metrics of all processes of this service, and of the jobs if the database answers."""
    return OperationResult(metrics.exposition(_unfinished(database)))


def _unfinished(database: Database) -> UnfinishedJobs | None:
    latest = monotonic() + COUNT_TIMEOUT
    try:
        with deadline.until(min(latest, deadline.current() or latest)):
            return database.read(count_unfinished)
    except (CatalogueError, DBAPIError):
        # An outage, of which /health/ready tells: the other metrics are needed most then.
        return None


operations = [
    Operation(
        name="metrics_read",
        method="GET",
        path=METRICS,
        summary="Read how many requests there were, how long they took, and what is in use, for Prometheus",
        run=read,
        unit="optional",
        response_schema=str,
        media_type=metrics.TEXT,
        cache_control="no-store",
        permission="metrics:read",
    ),
]
