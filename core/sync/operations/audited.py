# Generated from core/aio/operations/audited.py by tools/unasync.py: do not edit, run "make twins".
"""Reads that tell, with `include=audit`, who created a row and who changed it last."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace as replaced

from diptych.core.engine.entity import Entity
from diptych.core.engine.row_statements import VALUES
from diptych.core.engine.schemas.pagination import Page, Query
from diptych.core.history import audit
from diptych.core.http.operations import Operation, OperationRequest, OperationResult
from diptych.core.sync.statement_executor import Executor


class _Audited:
    """Runs a read of rows of a model, and adds their audit where it is asked for."""

    def __init__(self, read: Operation, model: type[Entity]) -> None:
        self._read = read
        self._model = model

    def needs_transaction(self, call: OperationRequest) -> bool:
        """Return whether the read takes several statements that must see one snapshot."""
        return audit.asks(call.query) or self._read.needs_transaction(call)

    def run(self, executor: Executor, call: OperationRequest) -> OperationResult:
        """Run the read."""
        if not audit.asks(call.query):
            return self._read.run(executor, call)  # type: ignore[no-any-return]
        found: OperationResult = self._read.run(executor, replaced(call, query=audit.without(call.query)))
        body: Any = found.body
        if isinstance(body, Page):
            return replaced(found, body=replaced(body, items=self._with_audit(executor, body.items)))
        [item] = self._with_audit(executor, [body])
        return replaced(found, body=item)

    def _with_audit(self, executor: Executor, items: Sequence[Any]) -> list[Struct]:
        """Return the rows with their audit, by one statement for all of them."""
        if not items:
            return []
        ids: list[UUID] = [item.id for item in items]
        statement = audit.entries(self._model, executor.dialect.name)
        audits = audit.audits(executor.all(statement, {VALUES: ids}))
        return [audit.with_audit(item, audits[item.id]) for item in items]


def audited(read: Operation, model: type[Entity], response_schema: Any) -> Operation:
    """Return a read of rows of a model that takes `include=audit`. response_schema: of its answers then."""
    with_audit = _Audited(read, model)
    return replace(
        read,
        run=with_audit.run,
        needs_transaction=with_audit.needs_transaction,
        query=audit.query_with_audit(read.query or Query),  # type: ignore[arg-type]
        query_permission=audit.permission_of,
        response_schema=response_schema,
    )
