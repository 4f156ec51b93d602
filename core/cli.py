"""The command line: `diptych ...`, and the same commands for `flask --app flask_app ...`."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any, BinaryIO, Literal

import click
from advanced_alchemy.alembic.commands import AlembicCommands
from advanced_alchemy.cli import add_migration_commands
from alembic.util import CommandError
from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError

from core.database import make_directory, sync_config
from core.errors import CatalogueError
from core.http.documents.openapi import document
from core.http.json import encode
from core.importing import Summary, import_rows
from core.models import Book
from core.serving import ServingError, check_servers, serving, watch
from core.settings import Settings, settings_or_exit
from core.sync.copying import export_lines
from core.sync.operations import OPERATIONS
from core.sync.unit_of_work import Database, translated
from core.transfer import mapping as columns
from core.transfer.reading import TextSource, format_of, open_text, rows

SAMPLE = files("core.data") / "sample.jsonl"


def commands(settings: Settings) -> dict[str, click.Command]:
    """Every command, by name, for these settings."""
    database = _database(settings)
    return {
        "database": database,
        "db": database,
        "import": _import(settings),
        "export": _export(settings),
        "serve": _serve(settings),
        "openapi": _openapi(),
    }


class _ToldGroup(click.Group):
    """A group whose commands end with one line for what an operator can put right."""

    def invoke(self, ctx: click.Context) -> Any:
        with _told():
            return super().invoke(ctx)


def _database(settings: Settings) -> click.Group:
    """advanced-alchemy's migration commands over our one configuration, from any working directory."""

    @click.group("database", cls=_ToldGroup, help="Migrate the database and look after it.")
    @click.pass_context
    def database(context: click.Context) -> None:
        make_directory(settings)
        context.obj = {"configs": [sync_config(settings)]}

    return add_migration_commands(database)


def _import(settings: Settings) -> click.Command:
    @click.command("import")
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
    def import_command(  # noqa: PLR0913, PLR0917 - one for each option
        file: str,
        file_format: str | None,
        encoding: str,
        mapped: tuple[str, ...],
        defaults: tuple[str, ...],
        separator: str | None,
        rejects: Path | None,
        strict: bool,  # noqa: FBT001 - click passes it by name
    ) -> None:
        """Import books from FILE: CSV, TSV or JSON Lines, gzipped or not; "-" is standard input.

        Books that are known already are updated, and a second import of the same file changes nothing. Known by
        their ISBN, or without one by title, first author and year. Lines of `diptych export` are put back as they were.

        Fields: title, author(s), editor(s), translator(s), illustrator(s), isbn, isbn13, year, language, description,
        tags. Columns with usual names are found by themselves.
        """
        path: Path | Literal["-"] = "-" if file == "-" else Path(file)
        with _told(), _database_of(settings) as database, _opened(path, encoding) as source:
            try:
                numbered = rows(source, format_of(path, file_format))
                chosen = columns.recognise(numbered.columns, _pairs("--map", mapped), separator)
                given = _pairs("--default", defaults)
                columns.check_defaults(given)
            except ValueError as error:
                raise click.UsageError(str(error)) from error
            with _progress(source) as advanced, _rejects(rejects, path) as lines:
                summary = import_rows(
                    database, numbered, chosen, given, rejects=lines, strict=strict, advanced=advanced
                )
        click.echo(_told_summary(summary))
        if summary.stopped is not None:
            raise click.ClickException(f"stopped at line {summary.stopped.line}: {summary.stopped.reason}")

    return import_command


def _opened(path: Path | Literal["-"], encoding: str) -> TextSource:
    try:
        return open_text(path, encoding)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--encoding") from error


@contextmanager
def _rejects(path: Path | None, source: Path | Literal["-"]) -> Iterator[BinaryIO | None]:
    """The file for rejects, emptied only now that there is something to import."""
    if path is None:
        yield None
        return
    if source != "-" and path.exists() and path.samefile(source):
        raise click.BadParameter("is the file that is imported", param_hint="--rejects")
    with path.open("wb") as lines:
        yield lines


def _told_summary(summary: Summary) -> str:
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
    """A bar on a terminal, measured in bytes of the file; nothing elsewhere."""
    if not sys.stderr.isatty() or source.total is None:
        yield lambda _: None
        return
    with click.progressbar(length=source.total, label="Importing", file=sys.stderr) as bar:

        def advanced(summary: Summary) -> None:
            bar.label = f"{summary.rows:,} rows"
            bar.update(source.bytes_read - bar.pos)
            bar.render_progress()

        yield advanced


def _export(settings: Settings) -> click.Command:
    @click.command("export")
    @click.option("--output", "-o", type=click.Path(path_type=Path), help="A file; standard output without it.")
    def export_command(output: Path | None) -> None:
        """Write the whole catalogue as JSON Lines, which `import` takes back without loss."""
        with _told(), _database_of(settings) as database, _replacing(output) as lines:
            lines.writelines(encode(line) + b"\n" for line in export_lines(database))

    return export_command


@contextmanager
def _replacing(path: Path | None) -> Iterator[BinaryIO]:
    """A file that takes the place of `path` when it is whole, and not before; standard output for None."""
    if path is None:
        yield sys.stdout.buffer
        return
    part = path.with_name(f"{path.name}.part")
    try:
        with part.open("wb") as stream:
            yield stream
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _serve(settings: Settings) -> click.Command:
    @click.command("serve")
    def serve_command() -> None:
        """Migrate the database, load the sample catalogue if it is empty, and serve it with both adapters."""
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
        with _told(), ExitStack() as stack:
            check_servers(settings)
            make_directory(settings)
            AlembicCommands(sync_config(settings)).upgrade()
            database = stack.enter_context(_database_of(settings))
            if database.read(lambda session: session.execute(select(func.count()).select_from(Book)).scalar_one()) == 0:
                with as_file(SAMPLE) as path, open_text(path) as sample:
                    loaded = import_rows(database, rows(sample, "jsonl"), columns.recognise(None), {})
                click.echo(f"Loaded the sample catalogue: {loaded.created} books.")
            log = Path("var/serve.log")
            log.parent.mkdir(exist_ok=True)
            urls = stack.enter_context(serving(settings, log))
            for name, url in urls.items():
                click.echo(f"{name:<22}{url}")
            first = next(iter(urls.values()))
            click.echo(
                f"Try:  curl '{first}/books?searchString=asterix&include=tags'\nThe log is {log}. Ctrl-C stops both."
            )
            try:
                watch(log)
            except KeyboardInterrupt:
                click.echo("\nStopping.")

    return serve_command


def _openapi() -> click.Command:
    @click.command("openapi")
    @click.option("--prefix", default="", metavar="PATH", help="Where the catalogue is mounted, such as /api/v1.")
    def openapi_command(prefix: str) -> None:
        """Write the OpenAPI document, as it is served at /openapi.json."""
        click.echo(encode(document(OPERATIONS, prefix)))

    return openapi_command


@contextmanager
def _database_of(settings: Settings) -> Iterator[Database]:
    database = Database(sync_config(settings))
    try:
        yield database
    finally:
        database.close()


@contextmanager
def _told() -> Iterator[None]:
    """What an operator can put right is one line, not a trace."""
    try:
        with translated():
            yield
    except BrokenPipeError:  # click ends quietly when nobody reads on
        raise
    except CatalogueError as error:
        cause = error.__cause__.orig if isinstance(error.__cause__, DBAPIError) else None
        told = str(cause or "").strip().partition("\n")[0]
        raise click.ClickException(f"{error.detail} {told}".strip()) from error
    except (ServingError, CommandError, OSError) as error:
        raise click.ClickException(str(error)) from error


def main(arguments: list[str] | None = None) -> Any:
    """The console script."""
    settings = settings_or_exit(os.environ)
    group = click.Group("diptych", commands=commands(settings), help="Diptych, a book catalogue.")
    return group.main(arguments, prog_name="diptych")


if __name__ == "__main__":
    main()
