"""Health checks: whether the process responds, and whether it can serve requests."""

from __future__ import annotations

from sqlalchemy import select

from diptych.core.aio.statement_executor import Executor
from diptych.core.catalogue.authors.model import Author
from diptych.core.db import schema_version
from diptych.core.http.health import Health
from diptych.core.http.lanes import LIVE, READY
from diptych.core.http.operations import Operation, OperationRequest, OperationResult

_READY = schema_version.VERSIONS.add_columns(select(Author.id).limit(1).scalar_subquery())
"""Selects the revision. It fails without the catalogue's tables: the version table could be another application's."""


async def live(_session: None, _call: OperationRequest) -> OperationResult:
    """Report that the process responds; nothing else is checked."""
    return OperationResult(Health())


async def ready(executor: Executor, _call: OperationRequest) -> OperationResult:
    """Check that the database responds, has the catalogue's tables, and is not behind this release."""
    schema_version.check([revision for revision, _ in await executor.all(_READY, {})])
    return OperationResult(Health())


operations = [
    Operation(
        name="health_live",
        method="GET",
        path=LIVE,
        summary="Whether the process lives",
        run=live,
        unit="none",
        response_schema=Health,
        cache_control="no-store",
        public=True,
    ),
    Operation(
        name="health_ready",
        method="GET",
        path=READY,
        summary="Whether the database answers, and is not behind this release",
        run=ready,
        unit="read",
        response_schema=Health,
        cache_control="no-store",
        public=True,
    ),
]
