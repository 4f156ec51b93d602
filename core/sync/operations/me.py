# Generated from core/aio/operations/me.py by tools/unasync.py: do not edit, run "make twins".
"""Who the sender of a request is."""

from __future__ import annotations

from typing import cast

from diptych.core.access.permissions import SCOPES, AccountRole
from diptych.core.access.schemas import Me
from diptych.core.access.second_factors.queries import CONFIRMED
from diptych.core.engine.row_statements import VALUE
from diptych.core.http.operations import Operation, OperationRequest, OperationResult
from diptych.core.sync.statement_executor import Executor


def read(executor: Executor, call: OperationRequest) -> OperationResult:
    """Return who sent the request, and what they may do."""
    who = call.principal
    assert who.id is not None  # noqa: S101 - an anonymous client has no permission to read this
    permissions = [each for each in SCOPES if each in who.permissions]
    role = cast("AccountRole", who.role)
    second_factor = None
    if who.via != "host":
        second_factor = executor.first(CONFIRMED, {VALUE: who.id}) is not None
    me = Me(who.id, who.name or "", role, permissions, who.token_id, who.expires_at, second_factor)
    return OperationResult(me)


operations = [
    Operation(
        name="me_read",
        method="GET",
        path="/me",
        summary="Read who one is: the account, its role, and what it may do with this token",
        run=read,
        unit="read",
        response_schema=Me,
        permission="me:read",
        tag="accounts",
    ),
]
