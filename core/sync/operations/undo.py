# Generated from core/aio/operations/undo.py by tools/unasync.py: do not edit, run "make twins".
"""Undo changes of the catalogue."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import Session

from diptych.core.errors import Conflict, FieldError, NotFound
from diptych.core.history.net_changes import net_changes, with_parts
from diptych.core.history.schemas import Undone, UndoneRow, UndoRequest
from diptych.core.history.statements import CHANGE, CHANGES_AFTER, CHANGES_BEFORE, CHANGES_OF_REQUEST, UNDONE
from diptych.core.http.operations import Operation, OperationRequest, OperationResult
from diptych.core.sync.operations.crud_operations import ReadOnlyResource
from diptych.core.sync.services.undoing import Obstacle, Undoing

REASONS = 100
"""Rows that an error names, at most."""

_ABOUT = (
    "Rows become again what they were. A batch is one request, and so is merging authors; a run of a command, such as"
    " an import, counts as one too. All of it is undone or nothing: where a row was changed later, is used by others,"
    " or would need a value that another row has now, the error says which, and why. An undo is recorded as other"
    f" changes are, and can be undone. `diptych history undo` undoes requests that made more than {UNDONE:,} changes."
)


class Undo:
    """Runs the operation. resources: those with a history."""

    def __init__(self, resources: Sequence[ReadOnlyResource]) -> None:
        self.services: Any = {each.service.spec.model.__tablename__: each.service for each in resources}
        self.names = {each.service.spec.model.__tablename__: each.name for each in resources}
        self.nouns = {each.service.spec.model.__tablename__: each.service.spec.noun for each in resources}

    def undo(self, session: Session, call: OperationRequest) -> OperationResult:
        """Undo one change, or all of one request. Errors: NotFound, Conflict."""
        one = call.body.request_id is None
        changes = self._change(session, call.body) if one else self._changes(session, call.body)
        undoing = Undoing(session, self.services)
        undoing.undo(net_changes(changes))
        if undoing.obstacles:
            raise Conflict("Later changes stand in the way.", [*map(self._error, undoing.obstacles[:REASONS])])
        return OperationResult(
            Undone([UndoneRow(self.names[table], row_id, action) for table, row_id, action in undoing.undone])
        )

    def _change(self, session: Session, body: UndoRequest) -> Sequence[Any]:
        change = (session.execute(CHANGE, {"id": body.change_id})).one_or_none()
        if change is None:
            raise NotFound("There is no such change.")
        if change.action == "update":
            return [change]
        # What came or went with a row are changes of their own: the tags of a book, for example.
        of_row = {"id": change.id, "resource": change.resource, "resource_id": change.resource_id}
        before = (session.execute(CHANGES_BEFORE, of_row)).all()
        after = (session.execute(CHANGES_AFTER, of_row)).all()
        return with_parts(change, before, after)

    def _changes(self, session: Session, body: UndoRequest) -> Sequence[Any]:
        changes = (session.execute(CHANGES_OF_REQUEST, {"request_id": body.request_id})).all()
        if not changes:
            raise NotFound("No change was made by such a request.")
        if len(changes) > UNDONE:
            raise Conflict(
                f"This made more than {UNDONE:,} changes: `diptych history undo` undoes it.",
                [FieldError("too_many", f"more than {UNDONE:,} changes", path=("request_id",))],
            )
        # Clients choose the ids of their requests: one may have used that of another, or a constant.
        if len({(change.principal, change.via) for change in changes}) > 1:
            reason = "requests of several senders have this id: undo each change by its own"
            raise Conflict(f"{reason.capitalize()}.", [FieldError("several_senders", reason, path=("request_id",))])
        return changes

    def _error(self, obstacle: Obstacle) -> FieldError:
        return FieldError("changed_later", f"{self.nouns[obstacle.table]} {obstacle.row_id}: {obstacle.reason}")


def operations(resources: Sequence[ReadOnlyResource]) -> list[Operation]:
    """Return the operation that undoes changes of these resources."""
    return [
        Operation(
            name="changes_undo",
            method="POST",
            path="/changes/undo",
            summary="Undo one change, or all changes of one request",
            description=_ABOUT,
            run=Undo(resources).undo,
            unit="write_many",
            permission="history:undo",
            body=UndoRequest,
            response_schema=Undone,
            problems=("not-found", "conflict"),
        )
    ]
