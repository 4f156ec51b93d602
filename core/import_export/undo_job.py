"""Undo all changes of one request or run of a command, a batch of rows in a transaction: there may be millions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from diptych.core.history.net_changes import net_changes
from diptych.core.history.statements import CHANGES_OF_ROWS, KINDS_OF_REQUEST, SOME_OF_REQUEST
from diptych.core.imports.schemas import UndoParameters
from diptych.core.jobs import rules as jobs
from diptych.core.jobs.rules import JobFailed
from diptych.core.sync import worker
from diptych.core.sync.services.undoing import Obstacle, Services, Undoing, tables_of
from diptych.core.sync.statement_executor import Executor
from diptych.core.sync.unit_of_work import Database

SHOWN = 100
"""Obstacles that are kept, at most; all are counted."""

Request = dict[str, str | None]
"""The id of a request and its sender, as the statements take them."""

Sender = tuple[str | None, str]
"""Who has sent a request: the principal, and the way."""

COUNTS = {"delete": "deleted", "update": "changed_back", "create": "restored"}
"""What a job counts, by what undoing takes."""


@dataclass(slots=True)
class Progress:
    """What has become of the rows. undone: by "create", "update" and "delete"; obstacles: the first of those left."""

    undone: Counter[str] = field(default_factory=Counter)
    obstacles: list[Obstacle] = field(default_factory=list)
    left: int = 0

    def note(self, done: Undoing) -> None:
        """Add what a batch has done, once it is committed."""
        self.undone.update(each.action for each in done.undone)
        self.left += len(done.obstacles)
        self.obstacles = [*self.obstacles, *done.obstacles][:SHOWN]


class SeveralSenders(Exception):
    """Requests of several senders have the same id."""


class NoChanges(Exception):
    """A request has made no changes."""


@dataclass(frozen=True, slots=True)
class Batch:
    """One step of undoing a request, for some rows. ids: of the rows."""

    services: Services
    request: Request
    table: str
    action: str
    ids: list[UUID]

    def undo(self, session: Session) -> Undoing:
        """Undo the step for these rows, in the transaction of a session; what cannot be undone stays as it is."""
        changes = session.execute(CHANGES_OF_ROWS, {**self.request, "rows": self.ids}).all()
        undoing = Undoing(session, self.services)
        net = [each for each in net_changes(changes) if each.table == self.table]
        if self.action == "delete":
            undoing.restore(self.table, [each for each in net if each.deletes])
            # Rows that were deleted and made again.
            undoing.revert(self.table, [each for each in net if each.updates])
        elif self.action == "update":
            undoing.revert(self.table, [each for each in net if each.updates])
        else:
            undoing.remove(self.table, [each for each in net if each.creates])
        return undoing


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

    def chosen(senders: set[Sender]) -> set[Sender]:
        return {sender for sender in senders if sender[1] == via} or senders

    progress = Progress()
    try:
        for batch in batches(database, services, request_id, progress, chosen):
            progress.note(database.run_in_transaction(batch.undo))
            advanced(len(batch.ids))
    except NoChanges:
        return None
    return progress


def batches(
    database: Database,
    services: Services,
    request_id: str,
    progress: Progress,
    chosen: Callable[[set[Sender]], set[Sender]],
) -> Iterator[Batch]:
    """Yield what undoes the changes of a request, in order. Each batch has to be committed and noted before the next.

    chosen: of the senders of requests with this id, whose changes are meant.
    Errors: NoChanges, SeveralSenders; those of Database.read.
    """
    found = database.read(partial(_all, KINDS_OF_REQUEST, {"request_id": request_id}))
    # Clients choose the ids of their requests.
    senders = chosen({(principal, way) for principal, way, *_ in found})
    if not senders:
        raise NoChanges
    if len(senders) > 1:
        raise SeveralSenders
    (sender,) = senders
    request = {"request_id": request_id, "principal": sender[0], "via": sender[1]}
    present = {(table, action): last for principal, way, table, action, last in found if (principal, way) == sender}
    # What has been undone may clear the way for the rest.
    while True:
        before, progress.obstacles, progress.left = progress.undone.total(), [], 0
        for action, table in _steps(services):
            if (table, action) in present:
                for ids in _pages(database, request, table, action, present[table, action]):
                    yield Batch(services, request, table, action, ids)
        if not progress.left or progress.undone.total() == before:
            return


def undo_steps(
    services: Services, database: Database, parameters: UndoParameters, before: jobs.Progress
) -> Generator[worker.Step]:
    """Undo the changes of an import, a batch of rows in each transaction. Errors: JobFailed."""
    progress, sender = Progress(), (parameters.principal, parameters.via)
    done: list[Undoing] = []

    def step(batch: Batch, session: Session) -> jobs.Progress:
        done[:] = [batch.undo(session)]
        counts = _counts(progress.undone + Counter(each.action for each in done[0].undone), before.counts)
        left = progress.left + len(done[0].obstacles)
        return jobs.Progress(None, sum(counts.values()) + left, None, {**counts, "left": left})

    try:
        for batch in batches(database, services, parameters.request_id, progress, {sender}.intersection):
            yield partial(step, batch)
            progress.note(done[0])
    except NoChanges:
        raise JobFailed("This import has changed nothing.") from None


def _counts(undone: Counter[str], before: Mapping[str, int]) -> dict[str, int]:
    """Return how many rows were undone, by what that took. before: what an interrupted attempt has undone."""
    return {name: before.get(name, 0) + undone[action] for action, name in COUNTS.items()}


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
