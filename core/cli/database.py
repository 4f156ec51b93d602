"""`database`: migrations, and other administration of a database.

Alembic's commands with the service's one configuration. advanced-alchemy has a group too, which this replaces: it asks
before every command, prints titles between the SQL, drops and dumps nothing when the models are not in its own
registry, and has no templates.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from collections.abc import Set as AbstractSet
from contextlib import suppress
from typing import Any

import click
from alembic import command
from sqlalchemy import MetaData, Table, inspect

from diptych.core.catalogue.models import Base
from diptych.core.cli import imported
from diptych.core.cli.common import ErrorHandlingGroup, alembic_of, never_asks
from diptych.core.cli.make_migrations import (
    edit,
    init,
    list_templates,
    make_migrations,
    merge,
    migrate,
    new_revision,
)
from diptych.core.cli.migration_info import branches, check, current, heads, history, show
from diptych.core.cli.wrong_stamp import explaining_wrong_stamp, wrong_stamp
from diptych.core.db.config import changing, inspecting, make_sqlite_file, require_file
from diptych.core.db.schema_diff import known, overlap, require_one_head
from diptych.core.db.schema_version import MERGE, VERSION_TABLE, named
from diptych.core.db.schema_version import current as current_revisions
from diptych.core.db.schema_version import heads as head_revisions
from diptych.core.errors import ServiceUnavailable
from diptych.core.settings import Settings, parse_database_url

HELP = """Migrate the database and look after it.

Nothing is asked where there is no terminal: a command in a script does what it says. On a terminal, `downgrade` and
`drop-all` ask first; --no-prompt stops that. Exit status: 0 done, 1 it could not be done or `check` found something,
2 the command line is wrong, 3 a setting is.
"""

no_prompt_option = click.option("--no-prompt", is_flag=True, help="Do not ask, on a terminal either.")
sql_option = click.option("--sql", is_flag=True, help="Write the SQL instead of running it; the database is not asked.")
tag_option = click.option("--tag", help="Passed on to migrations/env.py.")

Command = Callable[..., Any]

_IMPORTED_WHEN_USED = {"adopt": "adopt.adopt", "dump-data": "dump.dump_data"}
"""Commands that need the imports and exports, which would double the time of all others."""


class _DatabaseGroup(ErrorHandlingGroup):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted({*super().list_commands(ctx), *_IMPORTED_WHEN_USED})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _IMPORTED_WHEN_USED:
            return super().get_command(ctx, cmd_name)
        command: click.Command = imported(_IMPORTED_WHEN_USED[cmd_name])
        return command


def database_group(settings: Settings) -> click.Group:
    """Return the `database` group for these settings."""
    commands = [
        *(upgrade, downgrade, stamp, ensure_version, drop_all),
        *(check, current, history, heads, branches, show),
        *(make_migrations, migrate, new_revision, merge, edit, init, list_templates),
    ]

    @click.group("database", cls=_DatabaseGroup, help=HELP)
    @click.pass_context
    def database(context: click.Context) -> None:
        context.obj = settings

    for each in commands:
        database.add_command(each)
    database.add_command(current, "show-current-revision")
    return database


def _asked(question: str, settings: Settings, *, no_prompt: bool) -> None:
    """Ask for confirmation if standard input is a terminal. Errors: click.Abort when the answer is no."""
    if sys.stdin.isatty() and not no_prompt:
        name = parse_database_url(settings.database_url).render_as_string(hide_password=True)
        click.confirm(f"{question} in {name}?", abort=True, err=True)


def _checked_revision(_: click.Context, __: click.Parameter, value: str) -> str:
    """Return the revision, which may begin with one dash, as -1 does. Errors: click.NoSuchOption for two dashes."""
    if value.startswith("--"):
        raise click.NoSuchOption(value)
    return value


def _revision_argument(default: str | None = None) -> Callable[[Command], Command]:
    return click.argument("revision", default=default, required=default is None, callback=_checked_revision)


# So that -1 is a revision.
_RELATIVE = {"ignore_unknown_options": True}


@click.command(context_settings=_RELATIVE)
@_revision_argument("head")
@sql_option
@tag_option
@never_asks
@click.pass_obj
def upgrade(settings: Settings, revision: str, *, sql: bool, tag: str | None) -> None:
    """Migrate up to REVISION: the newest without one, or such as 0002, or +1.

    With --sql, FROM:TO is what brings a database from one revision to another: `upgrade 0001:head --sql`. Without
    FROM it begins with an empty database. `diptych database upgrade --sql | psql -v ON_ERROR_STOP=1 ...` runs it.

    A revision that this release does not know is taken for a newer one's: then there is nothing to do.
    """
    if not sql:
        make_sqlite_file(settings)
        finished = _nothing_to_do(_revisions_there(settings))
        if revision in ("head", "heads") and finished:
            click.echo(finished)
            return
    if revision == "head":
        require_one_head('Without one, "diptych database upgrade heads" takes all of them.')
    with alembic_of(settings) as config, explaining_wrong_stamp(settings):
        command.upgrade(config, revision, sql=sql, tag=tag)
        if not sql:
            _tell_revision(config)


@click.command(context_settings=_RELATIVE)
@_revision_argument("-1")
@sql_option
@tag_option
@no_prompt_option
@click.pass_obj
def downgrade(settings: Settings, revision: str, *, sql: bool, tag: str | None, no_prompt: bool) -> None:
    """Migrate down to REVISION: one step without one, or such as 0001, or -2, or "base" for nothing at all.

    What the revisions had added goes, rows and all. On a terminal it asks first. With --sql, FROM:TO has to be given:
    `downgrade 0002:0001 --sql`.
    """
    if not sql:
        require_file(settings)
        _asked(f"Migrate down to {revision}, and lose what was added since,", settings, no_prompt=no_prompt)
    with alembic_of(settings) as config, explaining_wrong_stamp(settings):
        command.downgrade(config, revision, sql=sql, tag=tag)
        if not sql:
            _tell_revision(config)


@click.command()
@_revision_argument()
@sql_option
@tag_option
@click.option("--purge", is_flag=True, help="Forget what the version table says now, whatever that is.")
@click.pass_obj
def stamp(settings: Settings, revision: str, *, sql: bool, tag: str | None, purge: bool) -> None:
    """Say that the database is at REVISION, without migrating it: "base" for at none.

    It warns where the tables are not those of that revision.
    """
    if not sql:
        make_sqlite_file(settings)
    if revision == "head":
        require_one_head('Without one, "diptych database stamp heads" takes all of them.')
    with alembic_of(settings) as config:
        command.stamp(config, revision, sql=sql, tag=tag, purge=purge)
        if not sql:
            _tell_revision(config)
    if not sql and (reason := wrong_stamp(settings)):
        click.echo(f"Warning: {reason}", err=True)


@click.command("ensure-version")
@sql_option
@click.pass_obj
def ensure_version(settings: Settings, *, sql: bool) -> None:
    """Make the version table if it is not there. A migration does so by itself."""
    if not sql:
        make_sqlite_file(settings)
    with alembic_of(settings) as config:
        command.ensure_version(config, sql=sql)


@click.command("drop-all")
@no_prompt_option
@click.pass_obj
def drop_all(settings: Settings, *, no_prompt: bool) -> None:
    """Drop every table of the catalogue, and the version table. There is no way back but a copy.

    Whatever else is in the database stays. What the version table does not tell of is taken for somebody else's:
    without one, nothing is dropped. On a terminal it asks first.
    """
    _asked("Drop the whole catalogue", settings, no_prompt=no_prompt)
    with changing(settings) as connection:
        if not inspect(connection).has_table(VERSION_TABLE):
            click.echo("There is no catalogue in this database.")
            return
        revisions = current_revisions(connection)
        if unknown := [each for each in revisions if not known(each)]:
            raise click.ClickException(f"The tables are of {named(unknown)}, which is not Diptych's.")
        if revisions:
            Base.metadata.drop_all(connection)
        Table(VERSION_TABLE, MetaData()).drop(connection)
    click.echo("The catalogue is gone.")


def _revisions_there(settings: Settings) -> tuple[str, ...]:
    """Return the revisions of a database. Errors: click.ClickException, if its tables cannot be of these."""
    # A SQLite file that does not exist yet has no revision.
    with suppress(ServiceUnavailable), inspecting(settings) as connection:
        revisions = current_revisions(connection)
        there = Base.metadata.tables.keys() & set(inspect(connection).get_table_names())
        if there and not revisions:
            raise click.ClickException(
                f"There are tables already ({', '.join(sorted(there))}), and no revision: "
                '"diptych database adopt" says what they are, and takes them over.'
            )
        if reason := overlap(revisions) or _of_missing_tables(settings, revisions, there):
            raise click.ClickException(reason)
        return revisions
    return ()


def _of_missing_tables(settings: Settings, revisions: tuple[str, ...], there: AbstractSet[str]) -> str | None:
    """Explain a database that is stamped with the head, and has not all of its tables."""
    return wrong_stamp(settings) if revisions == head_revisions() and there != Base.metadata.tables.keys() else None


def _nothing_to_do(revisions: tuple[str, ...]) -> str | None:
    """Say why there is no head to migrate a database at these revisions to; None where there is one."""
    if unknown := [each for each in revisions if not known(each)]:
        # The previous release runs this at its start, when a deployment is rolled back.
        return f"The database is at {named(unknown)}, a newer release's: there is nothing to do for this one."
    if len(revisions) > 1 and revisions == head_revisions():
        return _described(revisions)
    return None


def _described(revisions: tuple[str, ...]) -> str:
    unmerged = f": {MERGE}" if len(revisions) > 1 and revisions == head_revisions() else ""
    return f"The database is at {named(revisions)}{unmerged}."


def _tell_revision(config: Any) -> None:
    with config.engine.connect() as connection:
        click.echo(_described(current_revisions(connection)))
