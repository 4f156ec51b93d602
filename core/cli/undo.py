"""Undo a request or a run of a command, for the commands that offer it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from diptych.core.attribution import attributed_to, by_command
from diptych.core.cli.common import database_of
from diptych.core.cli.progress import progress_bar
from diptych.core.history.statements import COUNT_OF_REQUEST
from diptych.core.import_export.summary import counted
from diptych.core.import_export.undo_job import SHOWN, SeveralSenders, undo_request
from diptych.core.settings import Settings
from diptych.core.sync.operations import RESOURCES
from diptych.core.sync.statement_executor import Executor
from diptych.core.sync.unit_of_work import Database


def undo_run(settings: Settings, request_id: str, *, via: str = "") -> None:
    """Undo all changes of a request, and tell what was done.

    via: only what was changed in this way, where anything was.
    Errors: click.ClickException where rows are left, and where several senders have used the id.
    """
    services: Any = {each.service.spec.model.__tablename__: each.service for each in RESOURCES}
    with (
        attributed_to(by_command("cli")),
        database_of(settings) as database,
        progress_bar("Undoing", _count(database, request_id)) as advanced,
    ):
        try:
            progress = undo_request(database, services, request_id, advanced, via=via)
        except SeveralSenders:
            raise click.ClickException(
                f"requests of several senders have the id {request_id}: undo each change by its own"
            ) from None
    if progress is None:
        raise click.ClickException(f"no change was made by {request_id}")
    undone = progress.undone
    click.echo(
        f"{counted(undone.total(), 'row')} undone: {undone['delete']:,} deleted, {undone['update']:,} changed back,"
        f" {undone['create']:,} restored"
    )
    for table, row_id, reason in progress.obstacles:
        click.echo(f"{services[table].spec.noun} {row_id}: {reason}", err=True)
    if progress.left:
        named = "" if progress.left <= SHOWN else f", of which the first {SHOWN} are named"
        raise click.ClickException(f"{counted(progress.left, 'row')} could not be undone{named}")


def _count(database: Database, request_id: str) -> Callable[[], int]:
    def count(executor: Executor) -> int:
        found: int = executor.all(COUNT_OF_REQUEST, {"request_id": request_id})[0][0]
        return found

    return lambda: database.read(count)
