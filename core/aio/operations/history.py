"""The history of the catalogue, and that of one row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from diptych.core.aio.operations import undo
from diptych.core.aio.operations.crud_operations import ReadOnlyResource
from diptych.core.aio.services.row_reader import Reader
from diptych.core.aio.statement_executor import Executor
from diptych.core.engine.row_statements import VALUE
from diptych.core.engine.schemas.pagination import Page
from diptych.core.history import queries
from diptych.core.history.schemas import Change, RowChanges, change_list
from diptych.core.http.operations import Operation, OperationRequest, OperationResult

_ABOUT = (
    "The newest come first. A change of the rows that belong to a row, such as the tags of a book, is a change of that"
    " row: `before` has those that went, and `after` those that came."
)


class History:
    """Runs the operations. resources: all that there are."""

    def __init__(self, resources: Sequence[ReadOnlyResource]) -> None:
        self.tables = {each.name: each.service.spec.model.__tablename__ for each in resources}
        self.spec = queries.spec({table: name for name, table in self.tables.items()})

    async def list_all(self, executor: Executor, call: OperationRequest) -> OperationResult:
        """List the changes of all rows."""
        scope = call.query.scope()
        if call.query.resource_in is not None:
            scope["table_in"] = [self.tables[name] for name in call.query.resource_in]
        return OperationResult(await Reader(executor, self.spec).page(call.query, **scope))


class HistoryOfRow:
    """Runs the operation of one resource."""

    def __init__(self, history: History, resource: ReadOnlyResource) -> None:
        self.history = history
        self.resource = resource

    async def list_changes(self, executor: Executor, call: OperationRequest) -> OperationResult:
        """List the changes of one row, which may have been deleted. Errors: NotFound."""
        row_id = call.parameters["id"]
        scope = {**call.query.scope(), "row": row_id, "table_in": [self.history.tables[self.resource.name]]}
        page: Page[Any] = await Reader(executor, self.history.spec).page(call.query, **scope)
        if not page.items and await executor.first(queries.ANY_OF_ROW, {VALUE: row_id}) is None:
            await self.resource.reader(executor).ensure_exists(row_id)
        return OperationResult(page)


def operations(resources: Sequence[ReadOnlyResource]) -> list[Operation]:
    """Return the operations on the history of these resources."""
    history = History(resources)
    return [
        Operation(
            name="changes_list",
            method="GET",
            path="/changes",
            summary="List all changes of the catalogue, a page at a time",
            description=_ABOUT,
            run=history.list_all,
            unit="read",
            permission="history:read",
            query=change_list(history.tables),
            response_schema=Page[Change],
        ),
        *(_of_row(history, resource) for resource in resources),
        *undo.operations(resources),
    ]


def _of_row(history: History, resource: ReadOnlyResource) -> Operation:
    name, one = resource.name, resource.service.spec.noun
    return Operation(
        name=f"{name}_list_changes",
        method="GET",
        path=f"/{name}/{{id}}/changes",
        summary=f"List the changes of one {one}, a page at a time",
        description=f"{_ABOUT} They stay when the {one} is deleted.",
        run=HistoryOfRow(history, resource).list_changes,
        unit="read",
        permission="history:read",
        query=RowChanges,
        response_schema=Page[Change],
    )
