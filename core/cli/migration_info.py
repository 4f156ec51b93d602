"""The read-only `database` commands: the revision of a database, and the history of migrations."""

from __future__ import annotations

import click
from alembic import command

from diptych.core.catalogue.models import Base
from diptych.core.cli.common import alembic_of
from diptych.core.db.config import inspecting, require_file
from diptych.core.db.schema_diff import differences, known, require_head, scripts
from diptych.core.db.schema_version import current as current_revisions
from diptych.core.db.schema_version import heads as head_revisions
from diptych.core.db.schema_version import named
from diptych.core.settings import Settings

verbose_option = click.option("--verbose", "-v", is_flag=True, help="Tell more of each revision.")


@click.command()
@click.pass_obj
def check(settings: Settings) -> None:
    """Compare the database with the models: exit status 1 when it is behind, or not as they say.

    Tables that are no part of the catalogue are left out of it.
    """
    with inspecting(settings) as connection:
        require_head(connection)
        found = differences(connection, Base.metadata)
    at = f"The database is at {named(head_revisions())}"
    for line in found:
        click.echo(line)
    if found:
        raise click.ClickException(f"{at}, and not as the models say.")
    click.echo(f"{at} (head{'s' if len(head_revisions()) > 1 else ''}), and as the models say.")


@click.command()
@verbose_option
@click.pass_obj
def current(settings: Settings, *, verbose: bool) -> None:
    """Tell the revision that the database is at; "base" before the first, and several where branches are not merged."""
    with inspecting(settings) as connection:
        revisions = current_revisions(connection)
    for revision in revisions or ("base",):
        click.echo(_shown(revision, verbose=verbose) if known(revision) else revision)


def _shown(revision: str, *, verbose: bool) -> str:
    script = scripts().get_revision(revision)
    return str(script.log_entry if verbose else script.cmd_format(verbose=False))


@click.command()
@verbose_option
@click.option("--rev-range", "-r", metavar="FROM:TO", help="Such as base:0002, -2:current or 0001:")
@click.option("--indicate-current", "-i", is_flag=True, help="Mark the revision that the database is at.")
@click.pass_obj
def history(settings: Settings, *, verbose: bool, rev_range: str | None, indicate_current: bool) -> None:
    """List every revision, the newest first."""
    if indicate_current or "current" in (rev_range or ""):
        require_file(settings)
    with alembic_of(settings) as config:
        command.history(config, rev_range=rev_range, verbose=verbose, indicate_current=indicate_current)


@click.command()
@verbose_option
@click.option("--resolve-dependencies", is_flag=True, help="Count what a revision depends on as below it.")
@click.pass_obj
def heads(settings: Settings, *, verbose: bool, resolve_dependencies: bool) -> None:
    """List the newest revisions: there is to be one."""
    with alembic_of(settings) as config:
        command.heads(config, verbose=verbose, resolve_dependencies=resolve_dependencies)


@click.command()
@verbose_option
@click.pass_obj
def branches(settings: Settings, *, verbose: bool) -> None:
    """List the revisions that several others follow: nothing, in a straight history."""
    with alembic_of(settings) as config:
        command.branches(config, verbose=verbose)


@click.command()
@click.argument("revision", default="head")
@click.pass_obj
def show(settings: Settings, revision: str) -> None:
    """Tell about REVISION, the newest without one: such as 0001, or "current", which asks the database."""
    if "current" in revision:
        require_file(settings)
    with alembic_of(settings) as config:
        command.show(config, revision)
