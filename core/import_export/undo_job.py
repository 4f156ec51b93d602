"""Undo all changes of one request or run of a command, a batch of rows in a transaction: there may be millions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from diptych.core.history.net_changes import net_changes
from diptych.core.history.statements import CHANGES_OF_ROWS, KINDS_OF_REQUEST, SOME_OF_REQUEST
from diptych.core.sync.services.undoing import Obstacle, Services, Undoing, tables_of
from diptych.core.sync.statement_executor import Executor
from diptych.core.sync.unit_of_work import Database

SHOWN = 100
"""Obstacles that are kept, at most; all are counted."""

Request = dict[str, str | None]
"""The id of a request and its sender, as the statements take them."""


@dataclass(slots=True)
class Progress:
    """What has become of the rows. undone: by "create", "update" and "delete"; obstacles: the first of those left."""

    undone: Counter[str] = field(default_factory=Counter)
    obstacles: list[Obstacle] = field(default_factory=list)
    left: int = 0


class SeveralSenders(Exception):
    """Requests of several senders have the same id."""


def undo_request(
    database: Database,
    services: Services,
    request_id: str,
    advanced: Callable[[int], object] = lambda _: None,
    *,
    via: str = "",
) -> Progress | None:
    """Undo the changes of a request; return None if it made none. Rows that cannot be undone are left as they are.

    When it is interrupted, running it again goes on. advanced: is called with the number of rows that were looked at.
    via: only what was changed in this way, where anything was.
    Errors: SeveralSenders; those of Database.run_in_transaction.
    """

    def kinds(executor: Executor) -> list[Any]:
        return executor.all(KINDS_OF_REQUEST, {"request_id": request_id})

    found = database.read(kinds)
    found = [each for each in found if each[1] == via] or found
    if not found:
        return None
    # Clients choose the ids of their requests.
    senders = {(principal, way) for principal, way, *_ in found}
    if len(senders) > 1:
        raise SeveralSenders
    principal, way = senders.pop()
    request = {"request_id": request_id, "principal": principal, "via": way}
    present = {(table, action): last for _, _, table, action, last in found}
    progress = Progress()
    # What has been undone may clear the way for the rest.
    while True:
        before, progress.obstacles, progress.left = progress.undone.total(), [], 0
        for action, table in _steps(services):
            if (table, action) in present:
                last = present[table, action]
                for ids in _pages(database, request, table, action, last):
                    _undo_rows(database, services, request, (table, action), ids, progress)
                    advanced(len(ids))
        if not progress.left or progress.undone.total() == before:
            return progress


def _steps(services: Services) -> Iterator[tuple[str, str]]:
    """Yield action and table in an order in which every row finds those that it refers to."""
    tables = tables_of(services)
    yield from (("delete", table) for table in tables)
    yield from (("update", table) for table in tables)
    yield from (("create", table) for table in reversed(tables))


def _pages(database: Database, request: Request, table: str, action: str, last: int) -> Iterator[list[UUID]]:
    """Yield the ids of the rows that a request has changed by an action, the newest change first."""
    before_id = last + 1
    while True:
        values = {**request, "table": table, "action": action, "before_id": before_id}
        rows = database.read(partial(_all, SOME_OF_REQUEST, values))
        if not rows:
            return
        yield list(dict.fromkeys(row[1] for row in rows))
        before_id = rows[-1][0]


def _all(statement: Any, values: dict[str, Any], executor: Executor) -> list[Any]:
    return executor.all(statement, values)


def _undo_rows(  # noqa: PLR0913, PLR0917 - what a batch is
    database: Database,
    services: Services,
    request: Request,
    step: tuple[str, str],
    ids: list[UUID],
    progress: Progress,
) -> None:
    """Undo one step for some rows, in one transaction."""
    table, action = step

    def work(session: Session) -> Undoing:
        changes = session.execute(CHANGES_OF_ROWS, {**request, "rows": ids}).all()
        undoing = Undoing(session, services)
        net = [each for each in net_changes(changes) if each.table == table]
        if action == "delete":
            undoing.restore(table, [each for each in net if each.deletes])
            # Rows that were deleted and made again.
            undoing.revert(table, [each for each in net if each.updates])
        elif action == "update":
            undoing.revert(table, [each for each in net if each.updates])
        else:
            undoing.remove(table, [each for each in net if each.creates])
        return undoing

    done = database.run_in_transaction(work)
    progress.undone.update(each.action for each in done.undone)
    progress.left += len(done.obstacles)
    progress.obstacles = [*progress.obstacles, *done.obstacles][:SHOWN]
