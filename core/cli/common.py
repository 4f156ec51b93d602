"""What all commands share: they open the database, and report an error that an operator can correct in one line."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click
from advanced_alchemy.alembic.commands import AlembicCommands
from alembic.util import CommandError
from sqlalchemy.exc import DBAPIError

from diptych.core.access.encryption import Keyring
from diptych.core.attribution import attributed_to, by_command
from diptych.core.database import sync_config
from diptych.core.db.config import require_file
from diptych.core.db.error_translation import one_line, translate_errors
from diptych.core.dev_server import ServingError
from diptych.core.errors import CatalogueError, SchemaOutdated
from diptych.core.import_export.dump_format import DumpError
from diptych.core.settings import Settings
from diptych.core.sync.unit_of_work import Database

never_asks = click.option("--no-prompt", is_flag=True, expose_value=False, help="Nothing is asked anyway.")
"""The option of commands that prompt in advanced-alchemy, and do not here."""


@contextmanager
def database_of(settings: Settings) -> Iterator[Database]:
    """Open the database of these settings, and close it at the end of the block.

    Errors: ServiceUnavailable where there is no SQLite file, which connecting would create.
    """
    require_file(settings)
    database = Database(sync_config(settings), Keyring.parse(settings.encryption_keys))
    try:
        yield database
    finally:
        database.close()


@contextmanager
def alembic_of(settings: Settings) -> Iterator[Any]:
    """Yield the configuration for Alembic's commands, and dispose of its engine at the end of the block."""
    config = AlembicCommands(sync_config(settings)).config
    config.stdout = sys.stdout
    # Overrides alembic.ini: reading the history and writing an empty revision need no database.
    config.set_main_option("revision_environment", "false")
    try:
        yield config
    finally:
        config.engine.dispose()


@contextmanager
def cli_errors() -> Iterator[None]:
    """Report errors that an operator can correct in one line, without a traceback."""
    try:
        with translate_errors():
            yield
    except BrokenPipeError:  # click exits quietly when the reader closes the pipe
        raise
    except SchemaOutdated as error:
        raise click.ClickException(error.detail) from error
    except CatalogueError as error:
        reasons = "; ".join(each.detail for each in error.field_errors)
        raise click.ClickException(f"{one_line(error)} {reasons}" if reasons else one_line(error)) from error
    except DBAPIError as error:
        raise click.ClickException(one_line(error)) from error
    except (ServingError, DumpError, CommandError, OSError) as error:
        raise click.ClickException(str(error)) from error


class ErrorHandlingGroup(click.Group):
    """A group of commands that report errors which an operator can correct in one line."""

    def invoke(self, ctx: click.Context) -> Any:
        with cli_errors():
            return super().invoke(ctx)


class AttributedGroup(ErrorHandlingGroup):
    """Such a group, of commands whose changes are attributed to a run of a command."""

    def invoke(self, ctx: click.Context) -> Any:
        with attributed_to(by_command("cli")):
            return super().invoke(ctx)
