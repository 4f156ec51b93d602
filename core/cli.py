"""The command line: `diptych ...`, and the same commands for `flask --app flask_app ...`."""

from __future__ import annotations

import os
import sys

import click
from advanced_alchemy.cli import add_migration_commands

from core.database import sync_config
from core.settings import Settings, settings_or_exit


def commands(settings: Settings) -> dict[str, click.Command]:
    """Every command, by name, for these settings."""
    database = _database(settings)
    return {"database": database, "db": database}


def _database(settings: Settings) -> click.Group:
    """advanced-alchemy's migration commands over our one configuration, from any working directory."""

    @click.group("database", help="Migrate the database and look after it.")
    @click.pass_context
    def database(context: click.Context) -> None:
        context.obj = {"configs": [sync_config(settings)]}

    return add_migration_commands(database)


def main() -> None:
    """The console script."""
    settings = settings_or_exit(os.environ)
    group = click.Group("diptych", commands=commands(settings), help="Diptych, a book catalogue.")
    sys.exit(group.main(prog_name="diptych"))


if __name__ == "__main__":
    main()
