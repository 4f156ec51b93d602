"""`database dump-data` and `load`: whole tables into JSON, and back."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import BinaryIO

import click

from diptych.core.access import policy
from diptych.core.access.events.log import reported_after_commit
from diptych.core.attribution import attributed_to, by_command
from diptych.core.cli.common import cli_errors, never_asks
from diptych.core.cli.export import replacing
from diptych.core.cli.progress import progress_bar
from diptych.core.db.config import changing, inspecting
from diptych.core.import_export.dump_format import TABLES, count, dump, load
from diptych.core.observability import json_logging
from diptych.core.settings import Settings

STDIN = Path("-")


@click.command("dump-data")
@click.option(
    "--table", "names", multiple=True, type=click.Choice([*TABLES, "*"]), help="Only this table; can be repeated."
)
@click.option("--output", "-o", type=click.Path(path_type=Path, dir_okay=False), help="A file; it is replaced.")
@click.option("--dir", "directory", type=click.Path(path_type=Path, file_okay=False), help="A file for each table.")
@never_asks
@click.pass_obj
def dump_data(
    settings: Settings,
    *,
    names: tuple[str, ...],
    output: Path | None,
    directory: Path | None,
) -> None:
    """Write tables as JSON, which `load` restores exactly into a database of either kind.

    One document with every row of all tables, of one moment, goes to standard output, or to --output. --dir makes one
    for each table, such as DIR/author.json. A file is replaced when its successor is whole, and not before.
    """
    if output and directory:
        raise click.UsageError("--output and --dir exclude each other.")
    tables = [table for name, table in TABLES.items() if not names or "*" in names or name in names]
    with ExitStack() as files:
        connection = files.enter_context(inspecting(settings))
        shown = output or directory or not sys.stdout.isatty()
        advanced = files.enter_context(progress_bar("Dumping", partial(count, connection, tables) if shown else None))
        if directory is None:
            files.enter_context(replacing(output)).writelines(dump(connection, tables, advanced))
            return
        directory.mkdir(parents=True, exist_ok=True)
        for table in tables:
            file = files.enter_context(replacing(directory / f"{table.name}.json"))
            file.writelines(dump(connection, [table], advanced))


def load_command(settings: Settings) -> click.Command:
    """Return the command that restores what `dump-data` wrote."""

    @click.command("load")
    @click.argument("path", metavar="FILE", type=click.Path(path_type=Path, allow_dash=True))
    @click.option("--unchecked", is_flag=True, help="Restore values that the API would refuse, too.")
    def command(path: Path, *, unchecked: bool) -> None:
        """Restore a dump from FILE, which is "-" for standard input, or a directory of `dump-data --dir`.

        The database is to be migrated and empty, and the dump of the same revision. All of it is restored, or nothing.
        Values that the API would refuse, such as a name with control characters, are refused here as well.
        """
        json_logging.begin(settings.log_level)
        with cli_errors(), ExitStack() as stack:
            documents = _documents(path, stack)
            size = None if path == STDIN else partial(_size, documents)
            with (
                progress_bar("Loading", size) as advanced,
                attributed_to(by_command("load")),
                reported_after_commit(),
                changing(settings) as connection,
            ):
                loaded = load(connection, documents, advanced, checked=not unchecked)
                anonymous = connection.execute(policy.READ).scalar_one()
            click.echo(f"{loaded:,} rows loaded.")
            if anonymous == "editor":
                click.echo(policy.OPEN)

    return command


def _documents(path: Path, stack: ExitStack) -> Sequence[BinaryIO]:
    if path == STDIN:
        return [sys.stdin.buffer]
    paths = _parts(path) if path.is_dir() else [path]
    if not paths:
        raise click.ClickException(f"There is no dump in {path}.")
    return [stack.enter_context(each.open("rb")) for each in paths]


def _size(documents: Sequence[BinaryIO]) -> int:
    return sum(os.fstat(document.fileno()).st_size for document in documents)


def _parts(directory: Path) -> list[Path]:
    """Return the files of a dump in a directory, each table after those that it refers to."""
    return [path for path in (directory / f"{name}.json" for name in TABLES) if path.is_file()]
