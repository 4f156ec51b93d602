"""What every command does alike: opens the database, and ends with one line for what an operator can put right."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click
from alembic.util import CommandError
from sqlalchemy.exc import DBAPIError

from core.database import sync_config
from core.errors import Behind, CatalogueError
from core.serving import ServingError
from core.settings import Settings
from core.sync.unit_of_work import Database, translated


@contextmanager
def database_of(settings: Settings) -> Iterator[Database]:
    """The database of these settings, closed at the end of the block."""
    database = Database(sync_config(settings))
    try:
        yield database
    finally:
        database.close()


@contextmanager
def told() -> Iterator[None]:
    """What an operator can put right is one line, not a trace."""
    try:
        with translated():
            yield
    except BrokenPipeError:  # click ends quietly when nobody reads on
        raise
    except Behind as error:
        raise click.ClickException(error.detail) from error
    except CatalogueError as error:
        cause = error.__cause__.orig if isinstance(error.__cause__, DBAPIError) else None
        told = str(cause or "").strip().partition("\n")[0]
        raise click.ClickException(f"{error.detail} {told}".strip()) from error
    except (ServingError, CommandError, OSError) as error:
        raise click.ClickException(str(error)) from error


class ToldGroup(click.Group):
    """A group whose commands end with one line for what an operator can put right."""

    def invoke(self, ctx: click.Context) -> Any:
        with told():
            return super().invoke(ctx)
