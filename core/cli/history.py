"""`history`: make the history of changes shorter, and take names out of it."""

from __future__ import annotations

import re
from datetime import timedelta

import click

from diptych.core.cli.common import ErrorHandlingGroup, database_of
from diptych.core.cli.undo import undo_run
from diptych.core.engine.entity import now
from diptych.core.history.statements import REDACT, TRIM
from diptych.core.import_export.summary import counted
from diptych.core.settings import Settings
from diptych.core.sync.statement_executor import Executor

_DAYS = {"d": 1, "w": 7, "y": 365}


def _age(_context: click.Context, _parameter: click.Parameter, value: str) -> timedelta:
    """Parse a number of days, weeks or years, such as 90d. Errors: click.BadParameter."""
    found = re.fullmatch(r"([0-9]{1,4})([dwy])", value)
    if found is None:
        raise click.BadParameter(f"{value!r} is not an age such as 90d, 12w or 2y")
    return timedelta(days=int(found[1]) * _DAYS[found[2]])


def history_group(settings: Settings) -> click.Group:
    """Return the `history` group for these settings."""

    @click.group("history", cls=ErrorHandlingGroup)
    def history() -> None:
        """Look after the history of changes. Nothing else ever deletes or changes an entry."""

    @history.command("trim")
    @click.option("--older-than", "age", callback=_age, required=True, help="Such as 90d, 12w or 2y.")
    def trim(age: timedelta) -> None:
        """Delete the changes that are older, some thousands at a time. The catalogue stays as it is."""
        before, total = now() - age, 0

        def delete_some(executor: Executor) -> int:
            return len(executor.all(TRIM, {"before": before}))

        with database_of(settings) as database:
            while some := database.execute_write(delete_some, in_transaction=False):
                total += some
        click.echo(f"Deleted {counted(total, 'change')}.")

    @history.command("redact")
    @click.argument("account")
    def redact(account: str) -> None:
        """Take the name of ACCOUNT out of all changes; its id stays. ACCOUNT: its id, or a name that it has or had."""

        def write(executor: Executor) -> int:
            return len(executor.all(REDACT, {"account": account.lower()}))

        with database_of(settings) as database:
            click.echo(f"Redacted {counted(database.execute_write(write, in_transaction=False), 'change')}.")

    @history.command("undo")
    @click.argument("request_id")
    def undo(request_id: str) -> None:
        """Undo all changes of one request, or of one run of a command: REQUEST_ID, as the history has it.

        Rows that were changed later, or that others use, stay as they are: each is named, with the reason, and the
        status is 1. An undo is recorded as other changes are, and can be undone. When it is interrupted, running it
        again goes on.
        """
        undo_run(settings, request_id)

    return history
