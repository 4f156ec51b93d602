"""Read rows of any resource as columns, not as instances that a session tracks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from diptych.core.aio.statement_executor import Executor
from diptych.core.engine import pagination
from diptych.core.engine import resource_spec as lists
from diptych.core.engine import row_statements as statements
from diptych.core.engine.resource_spec import ResourceSpec
from diptych.core.engine.schemas.pagination import ListQuery, Page
from diptych.core.errors import FieldError
from diptych.core.refusals import RowNotFound


def row_not_found(spec: ResourceSpec, field_errors: Sequence[FieldError] = ()) -> RowNotFound:
    """Return the error for a row that does not exist."""
    return RowNotFound(f"There is no such {spec.noun}.", field_errors)


class Reader:
    """Reads the rows of a resource, and returns their representations."""

    def __init__(self, executor: Executor, spec: ResourceSpec) -> None:
        self.executor = executor
        self.spec = spec

    async def page(self, query: ListQuery, **scope: Any) -> Page[Any]:
        """Return the page of a query, of the rows within a scope of the spec.

        One statement finds the rows, and counts all rows if there are more than the page shows; others find the rows
        without a value or of a lower rank, if the page reaches them. One more counts if no row contained the total.
        """
        bound = pagination.bind_list_query(self.spec, query, scope)
        first, *others = pagination.statements(self.spec, bound.shape)
        found = await self.executor.all(first, {**bound.values, pagination.WANTED: query.page_size + 1})
        total = None
        if query.total and found:
            total = found[0][-1]
            found = [row[:-1] for row in found]
        for statement in others:
            if wanted := query.page_size + 1 - len(found):
                found += await self.executor.all(statement, {**bound.values, pagination.WANTED: wanted})
        if query.total and total is None:
            total = pagination.known_total(query, len(found))
        if query.total and total is None:
            ((total,),) = await self.executor.all(pagination.count(self.spec, bound.shape), bound.values)
        return pagination.page(self.spec, query, found, total)

    async def fetch(self, column: str, value: Any) -> Any:
        """Return the row with a value in a unique column. Errors: NotFound."""
        row = await self.executor.first(lists.by_unique_column(self.spec, column), {statements.VALUE: value})
        if row is None:
            raise row_not_found(self.spec)
        return self.spec.represent(row)

    async def page_after(self, last: UUID | None, limit: int) -> list[Any]:
        """Return up to `limit` rows by id, after the id `last`; None begins with the first row."""
        statement = lists.page_after(self.spec, beginning=last is None)
        rows = await self.executor.all(statement, {statements.VALUE: last, lists.LIMIT: limit})
        return [self.spec.represent(row) for row in rows]

    async def ensure_exists(self, item_id: UUID) -> None:
        """Check that a row exists. Errors: NotFound."""
        if await self.executor.first(statements.id_exists(self.spec.model), {statements.VALUE: item_id}) is None:
            raise row_not_found(self.spec)
