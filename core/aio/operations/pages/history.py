"""The pages of the history of a row and of the catalogue, and what undoes changes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

from msgspec.structs import replace
from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from diptych.core.aio.operations import history, undo
from diptych.core.aio.operations.crud_operations import ReadOnlyResource
from diptych.core.aio.operations.pages import book_writing, writing
from diptych.core.aio.operations.pages.page import form, html, page, see_other
from diptych.core.aio.operations.pages.writing import RowPages, rows_by_ids
from diptych.core.aio.statement_executor import Executor
from diptych.core.engine.row_statements import VALUES
from diptych.core.engine.schemas.error_messages import detail
from diptych.core.errors import FieldError, ValidationFailed
from diptych.core.history.schemas import RowChanges, UndoRequest, change_list
from diptych.core.http.operations import Operation, OperationRequest, OperationResult
from diptych.core.web import history_pages
from diptych.core.web.books import Link
from diptych.core.web.frame import frame_of

ALL: tuple[RowPages, ...] = (*writing.PAGES, book_writing.PAGES)
"""The kinds of rows that have pages."""

CHANGES = "ui/changes"


async def _names(executor: Executor, wanted: Mapping[str, set[UUID]]) -> dict[UUID, Link]:
    """Return the pages of those rows that exist, by one statement for each resource."""
    found: dict[UUID, Link] = {}
    for each in ALL:
        if ids := wanted.get(each.resource.name):
            spec = each.resource.service.spec
            for columns in await executor.all(rows_by_ids(spec), {VALUES: sorted(ids)}):
                row = spec.represent(columns)
                found[row.id] = Link(each.name_of(row), each.address(row))
    return found


class _Changes:
    """The history of the catalogue. resources: those with a history."""

    def __init__(self, resources: Sequence[ReadOnlyResource]) -> None:
        self.history = history.History(resources)
        self._undo = undo.Undo(resources)

    async def show(self, executor: Executor, call: OperationRequest) -> OperationResult:
        """Return the history of the catalogue."""
        query = call.query.model_copy(update={"total": False})
        found: Any = (await self.history.list_all(executor, replace(call, query=query))).body
        names = await _names(executor, history_pages.ids_in(found.items))
        view = history_pages.history_view(CHANGES, call.query, found, names)
        return html(history_pages.history(frame_of(f"/{CHANGES}", call.principal), view))

    async def undo(self, session: AsyncSession, call: OperationRequest) -> OperationResult:
        """Undo one change, or all of one request, and lead back. Errors: ValidationFailed, NotFound, Conflict."""
        typed: dict[str, str] = call.body.root
        await self._undo.undo(session, replace(call, body=_asked(typed)))
        back = typed.get("back", "")
        return see_other(back if re.fullmatch(r"ui/[!-~]*", back) else CHANGES)


def _asked(typed: Mapping[str, str]) -> UndoRequest:
    """Return what is to be undone. Errors: ValidationFailed."""
    given: dict[str, Any] = {name: typed[name] for name in ("change_id", "request_id") if name in typed}
    if given.get("change_id", "").isdecimal():
        given["change_id"] = int(given["change_id"])
    try:
        return UndoRequest.model_validate(given)
    except ValidationError as error:
        errors = [FieldError(each["type"], detail(each), path=each["loc"]) for each in error.errors()]
        raise ValidationFailed("There is nothing to undo.", errors) from None


@dataclass(frozen=True, slots=True)
class _HistoryOf:
    """The history of a row of one kind."""

    history: history.History
    rows: RowPages

    async def show(self, executor: Executor, call: OperationRequest) -> OperationResult:
        """Return the history of a row. Errors: NotFound."""
        row = await self.rows.resource.reader(executor).fetch(self.rows.column, call.parameters[self.rows.column])
        of_row = history.HistoryOfRow(self.history, self.rows.resource)
        query = call.query.model_copy(update={"total": False})
        found: Any = (await of_row.list_changes(executor, replace(call, parameters={"id": row.id}, query=query))).body
        names = await _names(executor, history_pages.ids_in(found.items))
        there = Link(self.rows.name_of(row), self.rows.address(row))
        view = history_pages.history_view(self.rows.address(row, "/history"), call.query, found, names, there)
        return html(history_pages.history(frame_of(f"{self.rows.path}/history", call.principal), view))


_read = partial(page, permission="history:read", has_form_key=True, needs_transaction=lambda _: True)


def operations(resources: Sequence[ReadOnlyResource]) -> list[Operation]:
    """Return the operations of these pages. resources: all that have a history."""
    changes = _Changes(resources)
    return [
        _read("changes", f"/{CHANGES}", changes.show, query=change_list(changes.history.tables)),
        *(
            _read(
                f"history_{each.kind}", f"{each.path}/history", _HistoryOf(changes.history, each).show, query=RowChanges
            )
            for each in ALL
        ),
        form("undo", f"/{CHANGES}/undo", changes.undo, history_pages.not_undone, permission="history:undo"),
    ]
