"""`import`: a catalogue out of a file."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, get_args

import click
from msgspec import Struct

from diptych.core.attribution import attributed_to, by_command
from diptych.core.cli.common import cli_errors, database_of
from diptych.core.cli.undo import undo_run
from diptych.core.formats.record import Reject
from diptych.core.formats.registry import READ
from diptych.core.import_export.fields import FIELDS, PERSON_FIELDS
from diptych.core.import_export.import_books import OnConflict
from diptych.core.import_export.import_job import import_rows, preview
from diptych.core.import_export.record_display import display
from diptych.core.import_export.rejects import RejectWriter
from diptych.core.import_export.sources import BookSource, Options, open_source
from diptych.core.import_export.summary import Summary, counted
from diptych.core.settings import Settings

PREVIEWED = 5
"""Records that --dry-run shows."""

HELP = f"""Import books from FILE: a table (CSV, TSV, JSON), MARC, BibTeX and more, compressed or not; "-" is standard
input.

Books that exist already are updated, and a second import of the same file changes nothing. A book is found by its
ISBN, or without one by its title, first author and year. Lines of `diptych export` are restored as they were.

Fields: {", ".join(f"{name}(s)" if name in PERSON_FIELDS else name for name in FIELDS)}. Columns with usual
names are found without --map.
"""


class _Choices(Struct, frozen=True, kw_only=True):
    """What the user wants besides how the file is read."""

    path: Path | Literal["-"]
    rejects: Path | None
    strict: bool
    allow_rejects: bool
    on_conflict: OnConflict


def import_command(settings: Settings) -> click.Command:
    """Return the command that reads books from a file."""

    @click.command("import", help=HELP)
    @click.argument("file", metavar="FILE", type=click.Path(path_type=str), required=False)
    @click.option("--format", "file_format", type=click.Choice(READ), help="When neither content nor name says.")
    @click.option("--encoding", help="Of the text in the file. [default: what its first bytes say, or utf-8]")
    @click.option(
        "--map",
        "mapped",
        multiple=True,
        metavar="FIELD=COLUMN",
        help="Read a field from this column, or from several; FIELD= ignores it.",
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
        "--authors",
        type=click.Path(path_type=Path, exists=True, dir_okay=False),
        help="Open Library's dump of authors, whom its editions name by keys alone.",
    )
    @click.option("--dry-run", is_flag=True, help="Show the first five books as they would be stored, and store none.")
    @click.option(
        "--on-conflict",
        type=click.Choice(get_args(OnConflict)),
        default="replace",
        show_default=True,
        help="What a book that exists does: keep what it has, fill what it lacks, or have it replaced.",
    )
    @click.option(
        "--rejects",
        type=click.Path(path_type=Path, dir_okay=False),
        help="Write rejected rows here, with a reason. Those of tables and JSON can be mended and imported.",
    )
    @click.option("--allow-rejects", is_flag=True, help="End with status 0 even when rows were rejected.")
    @click.option("--strict", is_flag=True, help="Stop at the first row that is rejected.")
    @click.option("--undo", metavar="RUN", help="Undo an earlier import, by the id that it ended with; without FILE.")
    def command(  # noqa: PLR0913, PLR0917 - one for each option
        file: str | None,
        file_format: str | None,
        encoding: str | None,
        mapped: tuple[str, ...],
        defaults: tuple[str, ...],
        separator: str | None,
        authors: Path | None,
        dry_run: bool,  # noqa: FBT001 - click passes these by name
        on_conflict: OnConflict,
        rejects: Path | None,
        allow_rejects: bool,  # noqa: FBT001
        strict: bool,  # noqa: FBT001
        undo: str | None,
    ) -> None:
        if (file is None) == (undo is None):
            raise click.UsageError("give a FILE to import, or --undo with the id of an import")
        if file is None:
            with cli_errors():
                undo_run(settings, undo or "", via="import")
            return
        options = Options(
            file_format=file_format,
            encoding=encoding,
            mapped=_pairs("--map", mapped),
            defaults=dict(_pairs("--default", defaults)),
            separator=separator,
            authors=authors,
        )
        choices = _Choices(
            path="-" if file == "-" else Path(file),
            rejects=rejects,
            strict=strict,
            allow_rejects=allow_rejects,
            on_conflict=on_conflict,
        )
        with cli_errors(), _opened(choices.path, options) as source:
            _show(source.notices)
            _end(_previewed(source, choices) if dry_run else _imported(settings, source, choices), source, choices)

    return command


def _opened(path: Path | Literal["-"], options: Options) -> BookSource:
    try:
        return open_source(path, options)
    except ValueError as error:
        raise click.UsageError(str(error)) from error


def _imported(settings: Settings, source: BookSource, choices: _Choices) -> Summary:
    run = by_command("import")
    with (
        attributed_to(run),
        database_of(settings) as database,
        _progress(source) as advanced,
        _rejects(source, choices) as rejects,
        _settled(),
    ):
        summary = import_rows(
            database,
            source.entries,
            file_format=source.file_format,
            on_conflict=choices.on_conflict,
            rejects=rejects,
            strict=choices.strict,
            advanced=advanced,
        )
    click.echo(summary.counts())
    if summary.created or summary.updated:
        _show([f"diptych import --undo {run.request_id} undoes this"])
    return summary


def _previewed(source: BookSource, choices: _Choices) -> Summary:
    with _rejects(source, choices) as rejects:
        found = preview(source.entries, shown=PREVIEWED, rejects=rejects, strict=choices.strict)
    for record in found.first:
        click.echo("\n".join(display(record, source.place)) + "\n")
    rows = found.records + found.repeated + found.summary.rejected
    click.echo(
        f"{counted(rows, 'row')}: {found.records:,} to import, {found.repeated:,} repeated, "
        f"{found.summary.rejected:,} rejected; nothing was stored"
    )
    return found.summary


def _end(summary: Summary, source: BookSource, choices: _Choices) -> None:
    """Tell what was left out; end with status 1 when rows were rejected, unless that is allowed."""
    _show(summary.notices(source.place))
    if summary.stopped is not None:
        raise click.ClickException(f"stopped at {_placed(summary.stopped, source)}")
    if summary.first_reject is None:
        return
    were = "row was" if summary.rejected == 1 else "rows were"
    message = f"{summary.rejected:,} {were} rejected, the first at {_placed(summary.first_reject, source)}"
    if choices.rejects is None:
        message += " (--rejects FILE writes them all)"
    if not choices.allow_rejects:
        raise click.ClickException(message)
    _show([message])


def _placed(reject: Reject, source: BookSource) -> str:
    return f"{source.place} {reject.line}: {reject.reason}"


def _show(lines: Iterable[str]) -> None:
    for line in lines:
        click.echo(line, err=True)


@contextmanager
def _rejects(source: BookSource, choices: _Choices) -> Iterator[RejectWriter | None]:
    """Open the file for rejects. This empties it, so it is done only when there is something to import."""
    path = choices.rejects
    if path is None:
        yield None
        return
    if choices.path != "-" and path.exists() and path.samefile(choices.path):
        raise click.BadParameter("is the file that is imported", param_hint="--rejects")
    with path.open("wb") as file:
        yield source.reject_writer(file)


@contextmanager
def _settled() -> Iterator[None]:
    """Exempt all existing objects from garbage collection, which otherwise takes a tenth of an import."""
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def _pairs(option: str, given: tuple[str, ...]) -> list[tuple[str, str]]:
    parts = [item.partition("=") for item in given]
    for name, equals, _ in parts:
        if not equals:
            raise click.BadParameter(f"{name!r} is not of the form FIELD=VALUE", param_hint=option)
    return [(name, value) for name, _, value in parts]


@contextmanager
def _progress(source: BookSource) -> Iterator[Callable[[Summary], None]]:
    """Show a progress bar, in bytes of the file, if standard error is a terminal."""
    if not sys.stderr.isatty() or source.total is None:
        yield lambda _: None
        return
    with click.progressbar(length=source.total, label="Importing", file=sys.stderr) as bar:

        def advanced(summary: Summary) -> None:
            bar.label = counted(summary.rows, "row")
            bar.update(source.bytes_read - bar.pos)
            bar.render_progress()

        yield advanced
