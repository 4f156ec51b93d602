"""The list of security events."""

from __future__ import annotations

from diptych.core.access.events import queries
from diptych.core.access.events.schemas import EventList, SecurityEvent
from diptych.core.aio.services.row_reader import Reader
from diptych.core.aio.statement_executor import Executor
from diptych.core.engine.schemas.pagination import Page
from diptych.core.http.operations import Operation, OperationRequest, OperationResult


async def list_events(executor: Executor, call: OperationRequest) -> OperationResult:
    """List the events, a page at a time."""
    return OperationResult(await Reader(executor, queries.spec).page(call.query, **call.query.scope()))


operations = [
    Operation(
        name="security_events_list",
        method="GET",
        path="/security-events",
        summary="List sign-ins, and changes of accounts, tokens and the policy",
        description="The newest come first. They have no password, no token, and no hash of either.",
        run=list_events,
        unit="read",
        permission="accounts:manage",
        query=EventList,
        response_schema=Page[SecurityEvent],
    )
]
