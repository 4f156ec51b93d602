"""The service's metrics, for Prometheus."""

from __future__ import annotations

from diptych.core.http.lanes import METRICS
from diptych.core.http.operations import Operation, OperationRequest, OperationResult
from diptych.core.observability import metrics


async def read(_session: None, _call: OperationRequest) -> OperationResult:
    """Return the metrics of all processes of this service."""
    return OperationResult(metrics.exposition())


operations = [
    Operation(
        name="metrics_read",
        method="GET",
        path=METRICS,
        summary="Read how many requests there were, how long they took, and what is in use, for Prometheus",
        run=read,
        unit="none",
        response_schema=str,
        media_type=metrics.TEXT,
        cache_control="no-store",
        permission="metrics:read",
    ),
]
