"""`database adopt`: take over an existing database."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, Self

import click
from alembic import command

from diptych.core.cli.common import alembic_of
from diptych.core.legacy_import import runner
from diptych.core.settings import Settings


@click.command()
@click.option("--dry-run", is_flag=True, help="Say what was found and what would be done, and change nothing.")
@click.option(
    "--leave", multiple=True, metavar="TABLE.COLUMN", help="Do not carry this column over; it stays where it is."
)
@click.pass_obj
def adopt(settings: Settings, *, dry_run: bool, leave: tuple[str, ...]) -> None:
    """Adopt a database that was there before, with every author and book in it.

    Known are the catalogue's own tables, made by create_all; and tables of authors and books as the guides of
    Litestar, advanced-alchemy and Flask-SQLAlchemy make them, kept by Flask-Migrate or by nobody. The old tables
    are kept, under other names. All of it is done, or nothing; what is not known is refused.
    """
    try:
        with _Terminal() as terminal:
            adopted = runner.adopt(settings, frozenset(leave), terminal, dry_run=dry_run)
    except runner.AdoptionRefused as error:
        for reason in error.reasons:
            click.echo(reason, err=True)
        raise click.ClickException(str(error)) from error
    if adopted is not None:
        with alembic_of(settings) as config:
            command.upgrade(config, "head")
        click.echo(adopted.told)


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
