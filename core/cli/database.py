"""`database`: migrations, and what else an operator does to a database."""

from __future__ import annotations

import click
from advanced_alchemy.cli import add_migration_commands

from core.cli.told import ToldGroup
from core.database import make_directory, sync_config
from core.settings import Settings


def database_group(settings: Settings) -> click.Group:
    """advanced-alchemy's migration commands over our one configuration, from any working directory."""

    @click.group("database", cls=ToldGroup, help="Migrate the database and look after it.")
    @click.pass_context
    def database(context: click.Context) -> None:
        make_directory(settings)
        context.obj = {"configs": [sync_config(settings)]}

    return add_migration_commands(database)
