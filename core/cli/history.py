"""`history`: make the history of changes shorter, and take names out of it."""

from __future__ import annotations

from datetime import timedelta

import click

from diptych.core.access.events.queries import redactions
from diptych.core.cli.common import AttributedGroup, database_of
from diptych.core.cli.trimming import older_than, trim_older
from diptych.core.cli.undo import undo_run
from diptych.core.history.statements import REDACT, TRIM
from diptych.core.import_export.summary import counted
from diptych.core.jobs import queries as jobs
from diptych.core.settings import Settings
from diptych.core.sync.statement_executor import Executor


def history_group(settings: Settings) -> click.Group:
    """Return the `history` group for these settings."""

    @click.group("history", cls=AttributedGroup)
    def history() -> None:
        """Look after the history of changes. Nothing else ever deletes or changes an entry."""

    @history.command("trim")
    @older_than
    def trim(age: timedelta) -> None:
        """Delete the changes that are older, some thousands at a time. The catalogue stays as it is."""
        with database_of(settings) as database:
            click.echo(f"Deleted {counted(trim_older(database, TRIM, age), 'change')}.")

    @history.command("redact")
    @click.argument("account")
    def redact(account: str) -> None:
        """Take the name of ACCOUNT out of all changes, jobs and security events; its id stays.

        ACCOUNT: its id, or a name that it has or had.
        """

        def write(executor: Executor) -> tuple[int, int]:
            changes = events = 0
            # Accounts of this service have names in lower case, users of a host application any.
            for name in {account, account.lower()}:
                changes += len(executor.all(REDACT, {"account": name}))
                executor.all(jobs.REDACT, {"account": name})
                for statement in redactions(executor.dialect.name):
                    events += len(executor.all(statement, {"account": name}))
            return changes, events

        with database_of(settings) as database:
            changes, events = database.execute_write(write, in_transaction=True)
        click.echo(f"Redacted {counted(changes, 'change')} and {counted(events, 'security event')}.")

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
