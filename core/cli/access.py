"""`access`: what anonymous clients may do."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, get_args

import click

from diptych.core.access import policy
from diptych.core.access.events.log import note_security_event
from diptych.core.access.events.queries import LAST, TRIM
from diptych.core.access.permissions import ANONYMOUS, AnonymousRole
from diptych.core.cli.common import AttributedGroup, database_of
from diptych.core.cli.trimming import older_than, trim_older
from diptych.core.import_export.summary import counted
from diptych.core.observability import json_logging
from diptych.core.settings import Settings
from diptych.core.sync.statement_executor import Executor
from diptych.core.sync.unit_of_work import Database


def access_group(settings: Settings) -> click.Group:
    """Return the `access` group for these settings."""

    @click.group("access", cls=AttributedGroup)
    def access() -> None:
        """Say what clients without a token may do, and look after security events.

        All deployments on the database agree on the policy within five seconds.
        """
        json_logging.begin(settings.log_level)

    @access.command("anonymous")
    @click.argument("role", required=False, type=click.Choice(get_args(AnonymousRole)))
    def set_role(role: str | None) -> None:
        """Set the role of clients without a token: none, reader or editor. Without ROLE, show it."""
        with database_of(settings) as database:
            if role is not None:
                set_anonymous(database, role)
            click.echo(_described(role or _anonymous(database)))

    @access.command("events")
    @click.option("--last", type=click.IntRange(1, 10_000), default=50, show_default=True, help="How many, at most.")
    def events(last: int) -> None:
        """Show the last security events, one in a line, the newest last."""

        def read(executor: Executor) -> Any:
            return executor.all(LAST, {"limit": last})

        with database_of(settings) as database:
            for row in reversed(database.read(read)):
                click.echo(_event(row))

    @access.command("trim-events")
    @older_than
    def trim(age: timedelta) -> None:
        """Delete the security events that are older. Nothing else ever deletes one."""
        with database_of(settings) as database:
            click.echo(f"Deleted {counted(trim_older(database, TRIM, age), 'event')}.")

    return access


def _event(row: Any) -> str:
    """Return the line of an event."""
    at, event, account, name, via, request_id, client = row
    fields = (("account", account), ("by", name), ("via", via), ("client", client), ("request", request_id))
    return f"{at:%Y-%m-%d %H:%M:%S} {event} " + " ".join(f"{key}={value}" for key, value in fields if value is not None)


def set_anonymous(database: Database, role: str) -> None:
    """Set the role of anonymous clients."""

    def write(executor: Executor) -> None:
        if executor.first(policy.setting(chosen=True), {"role": role}) is not None:
            note_security_event("policy_changed", None)

    database.execute_write(write, in_transaction=True)


def _anonymous(database: Database) -> str:
    def read(executor: Executor) -> Any:
        return executor.first(policy.READ, {})

    row = database.read(read)
    return row[0] if row else "none"


def _described(role: str) -> str:
    allowed = sorted(ANONYMOUS[role])
    return f"anonymous: {role} ({', '.join(allowed) if allowed else 'nothing but health checks and documents'})"
