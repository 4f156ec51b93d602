"""`export`: a catalogue into a file."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import BinaryIO

import click
from msgspec import Struct

from diptych.core.cli.common import cli_errors, database_of
from diptych.core.cli.progress import progress_bar, watched
from diptych.core.formats.normalization import quoted
from diptych.core.formats.registry import (
    WRITTEN,
    MissingLibraryError,
    format_by_suffix,
    format_named,
    writer_of,
)
from diptych.core.formats.writing import Writer
from diptych.core.http.json import encode
from diptych.core.import_export.export_records import count_books, export_records
from diptych.core.import_export.restore import count_lines, export_lines
from diptych.core.import_export.summary import counted
from diptych.core.settings import Settings
from diptych.core.sync.unit_of_work import Database

WHOLE = "jsonl"
"""The format that loses nothing."""

FORMATS = (WHOLE, *WRITTEN)

HELP = """Write the catalogue to FILE or standard output: as JSON Lines, which `import` restores without loss, or its
books in a format for other programs.

\b
jsonl             every row of the catalogue, with ids, slugs and times
csv, tsv          a table, with semicolons between several names in a cell
marc, marcxml     MARC 21 in ISO 2709 or in XML, for library systems
bibtex, ris, csl  for reference managers; csl is CSL-JSON
jsonld            schema.org, for web pages

A file is replaced when its successor is whole, and not before. A book that is too long for a format is shortened and
told; one that it cannot hold at all is left out and told, and the status is 1. docs/formats.md says what each format
loses.

\b
Examples:
  diptych export -o catalogue.jsonl
  diptych export -o books.csv
  diptych export --format marc | yaz-marcdump -
"""


Advanced = Callable[[int], object]


class _Done(Struct):
    """How many books were written, how many of them shortened, and how many the format could not hold."""

    written: int = 0
    shortened: int = 0
    refused: int = 0


def export_command(settings: Settings) -> click.Command:
    """Return the command that writes the catalogue, or its books in a format."""

    @click.command("export", help=HELP)
    @click.option(
        "--format",
        "file_format",
        metavar="FORMAT",
        type=click.Choice(FORMATS),
        help=f"One of these. [default: what the name of FILE ends in, or {WHOLE}]",
    )
    @click.option(
        "--output",
        "-o",
        metavar="FILE",
        type=click.Path(path_type=Path, dir_okay=False),
        help="A file; standard output without it.",
    )
    def command(file_format: str | None, output: Path | None) -> None:
        name = file_format or _format_of(output)
        with cli_errors():
            writer = None if name == WHOLE else _writer(name)
            with (
                database_of(settings) as database,
                replacing(output) as file,
                _bar(output, partial(database.read, count_lines if writer is None else count_books)) as advanced,
            ):
                done = _lines(database, file, advanced) if writer is None else _books(database, file, advanced, writer)
                file.flush()
            label = format_named(name).label
            shortened = f", {done.shortened:,} of them shortened" if done.shortened else ""
            click.echo(f"{counted(done.written, 'book')} written as {label}{shortened}", err=True)
            if done.refused:
                raise click.ClickException(f"{counted(done.refused, 'book')} could not be written as {label}")

    return command


def _format_of(output: Path | None) -> str:
    """Return the format that the name of a file says. Raises UsageError for one that is not written."""
    named = None if output is None else format_by_suffix(output.name)
    if named is None or named.name == "json":  # such a file gets JSON Lines
        return WHOLE
    if named.name not in FORMATS:
        raise click.UsageError(f"{named.label} is not written: give --format, which is one of {', '.join(FORMATS)}")
    return named.name


def _writer(name: str) -> Writer:
    try:
        return writer_of(name)
    except MissingLibraryError as error:
        raise click.ClickException(str(error)) from error


def _bar(output: Path | None, length: Callable[[], int]) -> AbstractContextManager[Advanced]:
    """Return a progress bar, but where the books themselves are shown on the terminal."""
    return progress_bar("Exporting", None if output is None and sys.stdout.isatty() else length)


def _lines(database: Database, file: BinaryIO, advanced: Advanced) -> _Done:
    """Write every row of the catalogue as JSON Lines."""
    done = _Done()
    for line in watched(export_lines(database), advanced):
        file.write(encode(line) + b"\n")
        done.written += line["type"] == "book"
    return done


def _books(database: Database, file: BinaryIO, advanced: Advanced, writer: Writer) -> _Done:
    """Write the books of one moment; tell of each that the format cannot hold."""
    done = _Done()
    with database.snapshot() as executor:
        books = watched(export_records(executor), advanced)
        # Nothing is written before the database has answered.
        first = list(islice(books, 1))
        file.write(writer.begin)
        for book in chain(first, books):
            try:
                content = writer.record(book)
            except ValueError as error:
                done.refused += 1
                click.echo(f"Left out: book {book.record_id}, {quoted(book.title)}: {error}", err=True)
                continue
            if writer.notice is not None:
                done.shortened += 1
                click.echo(f"Not whole: book {book.record_id}, {quoted(book.title)}: {writer.notice}", err=True)
            file.write(writer.between + content if done.written else content)
            done.written += 1
    file.write(writer.end)
    return done


@contextmanager
def replacing(path: Path | None) -> Iterator[BinaryIO]:
    """Open a file that replaces `path` only when it is complete; standard output for None."""
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
