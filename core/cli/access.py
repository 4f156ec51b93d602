"""`access`: what anonymous clients may do."""

from __future__ import annotations

from typing import Any, get_args

import click

from diptych.core.access import policy
from diptych.core.access.permissions import ANONYMOUS, AnonymousRole
from diptych.core.cli.common import ErrorHandlingGroup, database_of
from diptych.core.settings import Settings
from diptych.core.sync.statement_executor import Executor
from diptych.core.sync.unit_of_work import Database


def access_group(settings: Settings) -> click.Group:
    """Return the `access` group for these settings."""

    @click.group("access", cls=ErrorHandlingGroup)
    def access() -> None:
        """Say what clients without a token may do. All deployments on the database agree within five seconds."""

    @access.command("anonymous")
    @click.argument("role", required=False, type=click.Choice(get_args(AnonymousRole)))
    def set_role(role: str | None) -> None:
        """Set the role of clients without a token: none, reader or editor. Without ROLE, show it."""
        with database_of(settings) as database:
            if role is not None:
                set_anonymous(database, role)
            click.echo(_described(role or _anonymous(database)))

    return access


def set_anonymous(database: Database, role: str) -> None:
    """Set the role of anonymous clients."""

    def write(executor: Executor) -> None:
        executor.run(policy.setting(chosen=True), {"role": role})

    database.execute_write(write, in_transaction=False)


def _anonymous(database: Database) -> str:
    def read(executor: Executor) -> Any:
        return executor.first(policy.READ, {})

    row = database.read(read)
    return row[0] if row else "none"


def _described(role: str) -> str:
    allowed = sorted(ANONYMOUS[role])
    return f"anonymous: {role} ({', '.join(allowed) if allowed else 'nothing but health checks and documents'})"
