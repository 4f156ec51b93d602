"""The pages to merge authors, publishers and tags that are about the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from diptych.core.aio.operations import books
from diptych.core.aio.operations.pages import writing
from diptych.core.aio.operations.pages.page import form, html, page, see_other
from diptych.core.aio.operations.pages.writing import WRITE, RowPages
from diptych.core.aio.statement_executor import Executor
from diptych.core.catalogue.books.schemas import BookList
from diptych.core.engine.column_types import parse_uuid
from diptych.core.engine.schemas.field_types import Id
from diptych.core.engine.schemas.pagination import Query, SearchWords
from diptych.core.engine.search_tokens import wanted
from diptych.core.http import problems
from diptych.core.http.operations import Operation, OperationRequest, OperationResult
from diptych.core.refusals import RowNotFound
from diptych.core.web import merge_pages
from diptych.core.web.frame import frame_of
from diptych.core.web.lists import LINES
from diptych.core.web.merge_pages import MergeView
from diptych.core.web.wording import text

CANDIDATES = 20
"""Rows among which one is chosen, at most."""


class MergeQuery(Query):
    """What the other row is searched by, or its id."""

    q: SearchWords = ""
    other: Id | None = None


@dataclass(frozen=True, slots=True)
class MergePages:
    """The pages to merge rows of one kind. scope: of the books of a row."""

    rows: RowPages
    scope: Callable[[UUID], dict[str, Any]]

    async def show(self, executor: Executor, call: OperationRequest) -> OperationResult:
        """Return the page to choose a row, or to confirm that it is merged. Errors: NotFound."""
        row = await self.rows.read(executor, call)
        view = MergeView(self.rows.name_of(row), self.rows.address(row, "/merge"), call.query.q)
        if call.query.other is not None:
            view = await self._preview(executor, row, call.query.other, view)
        elif wanted(call.query.q).longest:
            view = await self._found(executor, row, view)
        return html(merge_pages.merge(frame_of(f"{self.rows.path}/merge", call.principal), view))

    async def _found(self, executor: Executor, row: Any, view: MergeView) -> MergeView:
        resource = self.rows.resource
        query = resource.list_query.model_validate({"q": view.q, "pageSize": str(CANDIDATES), "total": "false"})
        found = [each for each in (await resource.reader(executor).page(query)).items if each.id != row.id]
        lines = [merge_pages.candidate(each, LINES[resource.name](each), view.address) for each in found]
        return MergeView(view.name, view.address, view.q, lines)

    async def _preview(self, executor: Executor, row: Any, other_id: UUID, view: MergeView) -> MergeView:
        if other_id == row.id:
            raise problems.not_found()
        other = await self.rows.resource.reader(executor).fetch("id", other_id)
        query = BookList.model_validate({"pageSize": "1"})
        moving = await books.reader(executor).page(query, **self.scope(other_id))
        service: Any = self.rows.resource.service
        return MergeView(
            view.name, view.address, other=self.rows.name_of(other), other_id=str(other_id), books=moving.total or 0,
            taken=merge_pages.taken_over(row, other, service.merged),
        )  # fmt: skip

    async def merge(self, session: AsyncSession, call: OperationRequest) -> OperationResult:
        """Merge the chosen row into this one. Errors: NotFound, ValidationFailed."""
        row = await self.rows.locked(session, call)
        if row is None:
            raise RowNotFound(text("form.gone"))
        try:
            other = parse_uuid(call.body.root.get("other", ""))
        except ValueError:
            raise problems.not_found() from None
        await self.rows.service(session).merge(row.id, [other])
        return see_other(self.rows.address(row))

    def operations(self) -> list[Operation]:
        """Return the operations of these pages."""
        name, path = f"merge_{self.rows.kind}", f"{self.rows.path}/merge"
        shown = partial(page, permission=WRITE, query=MergeQuery, has_form_key=True, needs_transaction=lambda _: True)
        return [shown(name, path, self.show), form(name, path, self.merge, merge_pages.merge_again)]


_SCOPES: dict[str, Callable[[UUID], dict[str, Any]]] = {
    "author": lambda row_id: {"author": [row_id]},
    "publisher": lambda row_id: {"publisher": [row_id]},
    "tag": lambda row_id: {"tag": row_id},
}

operations = [
    operation
    for each in writing.PAGES
    if each.kind in _SCOPES
    for operation in MergePages(each, _SCOPES[each.kind]).operations()
]
