"""What every command does alike: opens the database, and ends with one line for what an operator can put right."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click
from advanced_alchemy.alembic.commands import AlembicCommands
from alembic.util import CommandError
from sqlalchemy.exc import DBAPIError

from diptych.core.database import sync_config
from diptych.core.db.error_translation import one_line, translate_errors
from diptych.core.dev_server import ServingError
from diptych.core.errors import CatalogueError, SchemaOutdated
from diptych.core.import_export.dump_format import DumpError
from diptych.core.settings import Settings
from diptych.core.sync.unit_of_work import Database

never_asks = click.option("--no-prompt", is_flag=True, expose_value=False, help="Nothing is asked anyway.")
"""The option of commands that advanced-alchemy has ask, and ours do not."""


@contextmanager
def database_of(settings: Settings) -> Iterator[Database]:
    """The database of these settings, closed at the end of the block."""
    database = Database(sync_config(settings))
    try:
        yield database
    finally:
        database.close()


@contextmanager
def alembic_of(settings: Settings) -> Iterator[Any]:
    """What Alembic's commands take; its synchronous engine is disposed of at the end of the block."""
    config = AlembicCommands(sync_config(settings)).config
    config.stdout = sys.stdout
    # Whatever alembic.ini says: to read the history, or to write an empty revision, no database is needed.
    config.set_main_option("revision_environment", "false")
    try:
        yield config
    finally:
        config.engine.dispose()


@contextmanager
def cli_errors() -> Iterator[None]:
    """What an operator can put right is one line, not a trace."""
    try:
        with translate_errors():
            yield
    except BrokenPipeError:  # click ends quietly when nobody reads on
        raise
    except SchemaOutdated as error:
        raise click.ClickException(error.detail) from error
    except (CatalogueError, DBAPIError) as error:
        raise click.ClickException(one_line(error)) from error
    except (ServingError, DumpError, CommandError, OSError) as error:
        raise click.ClickException(str(error)) from error


class ErrorHandlingGroup(click.Group):
    """A group whose commands end with one line for what an operator can put right."""

    def invoke(self, ctx: click.Context) -> Any:
        with cli_errors():
            return super().invoke(ctx)
