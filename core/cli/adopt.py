"""`database adopt`: take over an existing database."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

import click
from alembic import command

from diptych.core.access import policy
from diptych.core.access.events.log import note_security_event, reported_after_commit
from diptych.core.cli.common import alembic_of
from diptych.core.db.schema_diff import require_one_head
from diptych.core.legacy_import import copy_from as other_database
from diptych.core.legacy_import import runner
from diptych.core.legacy_import.plan import Options
from diptych.core.legacy_import.planning import AdoptionRefused, Request
from diptych.core.observability import json_logging
from diptych.core.settings import Settings


@click.command()
@click.option("--dry-run", is_flag=True, help="Say what was found and what would be done, and change nothing.")
@click.option(
    "--leave", multiple=True, metavar="TABLE.COLUMN", help="Do not carry this column over; it stays where it is."
)
@click.option(
    "--column",
    "columns",
    multiple=True,
    metavar="TABLE.FIELD=COLUMN",
    help="Fill a field from this column, or from several, separated by commas.",
)
@click.option(
    "--where",
    multiple=True,
    metavar="TABLE=CONDITION",
    help='Adopt the rows that an SQL condition is true for; "true": all.',
)
@click.option("--value", "values", multiple=True, metavar="TABLE.COLUMN:OLD=NEW", help="Take this value for another.")
@click.option("--default-author", default="", metavar="NAME", help="The author of books that have none.")
@click.option(
    "--plan",
    "plan_file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Follow the plan in this file.",
)
@click.option(
    "--write-plan",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write a plan into this new file, to be edited, and adopt nothing.",
)
@click.option(
    "--copy-from", metavar="URL", help="Copy the rows of this other database or schema, and leave it as it is."
)
@click.option(
    "--again", is_flag=True, help="With --copy-from: copy what is new, and report what was changed or deleted."
)
@click.pass_obj
def adopt(  # noqa: PLR0913 - one for each option
    settings: Settings,
    *,
    dry_run: bool,
    leave: tuple[str, ...],
    columns: tuple[str, ...],
    where: tuple[str, ...],
    values: tuple[str, ...],
    default_author: str,
    plan_file: Path | None,
    write_plan: Path | None,
    copy_from: str | None,
    again: bool,
) -> None:
    """Adopt a database that was there before, with every author, book and tag in it.

    Known are the catalogue's own tables, made by create_all; and tables of authors, books and tags with usual names
    and columns, kept by Flask-Migrate or without a history. What cannot be inferred is refused with the option that
    says it, or is written into a plan: --write-plan. The old tables are kept, under other names. All of it is done,
    or nothing.

    With --copy-from the rows come from another database, which stays as it is and in use.
    """
    if again and copy_from is None:
        raise click.UsageError("--again goes with --copy-from.")
    options = Options(leave, columns, where, values, default_author)
    plan = _text_of(plan_file) if plan_file else None
    request = Request(options, plan, dry_run, copy_from, again)
    require_one_head()
    try:
        if write_plan is not None:
            _write_plan(settings, request, write_plan)
            return
        with _Terminal() as terminal:
            run = runner.adopt if copy_from is None else other_database.copy_from
            adopted = run(settings, request, terminal)
    except AdoptionRefused as error:
        for reason in error.reasons:
            click.echo(reason, err=True)
        raise click.ClickException(str(error)) from error
    if adopted is not None:
        json_logging.begin(settings.log_level)
        with alembic_of(settings) as config:
            command.upgrade(config, "head")
            with reported_after_commit(), config.engine.begin() as connection:
                # Those who used it have sent no tokens. Tables that create_all has made have no row yet.
                if connection.execute(policy.setting(chosen=False), {"role": "editor"}).first():
                    note_security_event("policy_changed", None)
        click.echo(adopted.told)


def _text_of(path: Path) -> str:
    """Read a file. Errors: click.ClickException, OSError."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise click.ClickException(f"{path} is not UTF-8.") from error


def _write_plan(settings: Settings, request: Request, path: Path) -> None:
    """Write a plan into a new file. Errors: AdoptionRefused, OSError."""
    text = (runner.plan_of if request.copy_from is None else other_database.plan_of_other)(settings, request)
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise click.ClickException(f"{path} exists already: choose another name for --write-plan.") from None
    click.echo(f"Wrote a plan into {path}: edit it, then run the same command with --plan {path} --dry-run.")


class _Terminal:
    """Prints messages, and shows a progress bar on a terminal."""

    def __init__(self) -> None:
        self._bar: Any = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def say(self, line: str) -> None:
        """Print a message."""
        self._end()
        click.echo(line)

    def begin(self, doing: str, rows: int) -> Callable[[int], None]:
        """Show a progress bar for this number of rows, if standard error is a terminal."""
        self._end()
        if not sys.stderr.isatty():
            return lambda _: None
        self._bar = click.progressbar(length=rows, label=doing, file=sys.stderr)
        self._bar.render_progress()
        return self._bar.update  # type: ignore[no-any-return]

    def _end(self) -> None:
        """Finish the progress bar, so that the next output begins on a new line."""
        if self._bar is not None:
            self._bar.render_finish()
            self._bar = None
