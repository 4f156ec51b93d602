"""`import`: a catalogue out of a file."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Literal

import click

from diptych.core.catalogue.books.contributors import ROLES
from diptych.core.cli.common import cli_errors, database_of
from diptych.core.import_export import column_mapping as columns
from diptych.core.import_export.file_reader import TextSource, format_of, open_text, rows
from diptych.core.import_export.import_job import Summary, import_rows
from diptych.core.settings import Settings

HELP = f"""Import books from FILE: CSV, TSV or JSON Lines, gzipped or not; "-" is standard input.

Books that exist already are updated, and a second import of the same file changes nothing. A book is found by its
ISBN, or without one by its title, first author and year. Lines of `diptych export` are restored as they were.

Fields: {", ".join(f"{name}(s)" if name in ROLES else name for name in columns.FIELDS)}. Columns with usual
names are found without --map.
"""


def import_command(settings: Settings) -> click.Command:
    """Return the command that reads books from a file."""

    @click.command("import", help=HELP)
    @click.argument("file", metavar="FILE", type=click.Path(path_type=str))
    @click.option(
        "--format", "file_format", type=click.Choice(["csv", "tsv", "jsonl"]), help="When the name does not say."
    )
    @click.option("--encoding", default="utf-8", show_default=True, help="Of the text in the file.")
    @click.option(
        "--map",
        "mapped",
        multiple=True,
        metavar="FIELD=COLUMN",
        help="Read a field from this column; FIELD= ignores it.",
    )
    @click.option(
        "--default",
        "defaults",
        multiple=True,
        metavar="FIELD=VALUE",
        help="Where a row has nothing, e.g. 'author=[Anonymous]'.",
    )
    @click.option("--separator", help="Between several names or tags in one cell.")
    @click.option(
        "--rejects",
        type=click.Path(path_type=Path, dir_okay=False),
        help="Write rejected rows here, as JSON Lines with line and reason.",
    )
    @click.option("--strict", is_flag=True, help="Stop at the first row that is rejected.")
    def command(  # noqa: PLR0913, PLR0917 - one for each option
        file: str,
        file_format: str | None,
        encoding: str,
        mapped: tuple[str, ...],
        defaults: tuple[str, ...],
        separator: str | None,
        rejects: Path | None,
        strict: bool,  # noqa: FBT001 - click passes it by name
    ) -> None:
        path: Path | Literal["-"] = "-" if file == "-" else Path(file)
        with cli_errors(), database_of(settings) as database, _opened(path, encoding) as source:
            try:
                numbered = rows(source, format_of(path, file_format))
                chosen = columns.infer_columns(numbered.columns, _pairs("--map", mapped), separator)
                given = _pairs("--default", defaults)
                columns.check_defaults(given)
            except ValueError as error:
                raise click.UsageError(str(error)) from error
            with _progress(source) as advanced, _rejects(rejects, path) as lines, _settled():
                summary = import_rows(
                    database, numbered, chosen, given, rejects=lines, strict=strict, advanced=advanced
                )
        click.echo(_said(summary))
        if summary.stopped is not None:
            raise click.ClickException(f"stopped at line {summary.stopped.line}: {summary.stopped.reason}")

    return command


def _opened(path: Path | Literal["-"], encoding: str) -> TextSource:
    try:
        return open_text(path, encoding)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--encoding") from error


@contextmanager
def _rejects(path: Path | None, source: Path | Literal["-"]) -> Iterator[BinaryIO | None]:
    """Open the file for rejects. This empties it, so it is done only when there is something to import."""
    if path is None:
        yield None
        return
    if source != "-" and path.exists() and path.samefile(source):
        raise click.BadParameter("is the file that is imported", param_hint="--rejects")
    with path.open("wb") as lines:
        yield lines


@contextmanager
def _settled() -> Iterator[None]:
    """Exempt all existing objects from garbage collection, which otherwise takes a tenth of an import."""
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def _said(summary: Summary) -> str:
    counts = (f"{getattr(summary, name):,} {name}" for name in ("created", "updated", "unchanged", "rejected"))
    return f"{summary.rows:,} rows: {', '.join(counts)}"


def _pairs(option: str, given: tuple[str, ...]) -> dict[str, str]:
    parts = [item.partition("=") for item in given]
    for name, equals, _ in parts:
        if not equals:
            raise click.BadParameter(f"{name!r} is not of the form FIELD=VALUE", param_hint=option)
    return {name: value for name, _, value in parts}


@contextmanager
def _progress(source: TextSource) -> Iterator[Callable[[Summary], None]]:
    """Show a progress bar, in bytes of the file, if standard error is a terminal."""
    if not sys.stderr.isatty() or source.total is None:
        yield lambda _: None
        return
    with click.progressbar(length=source.total, label="Importing", file=sys.stderr) as bar:

        def advanced(summary: Summary) -> None:
            bar.label = f"{summary.rows:,} rows"
            bar.update(source.bytes_read - bar.pos)
            bar.render_progress()

        yield advanced
