"""`export`: a catalogue into a file."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import click

from diptych.core.cli.common import cli_errors, database_of
from diptych.core.http.json import encode
from diptych.core.import_export.restore import export_lines
from diptych.core.settings import Settings


def export_command(settings: Settings) -> click.Command:
    """Return the command that writes the catalogue as JSON Lines."""

    @click.command("export")
    @click.option("--output", "-o", type=click.Path(path_type=Path), help="A file; standard output without it.")
    def command(output: Path | None) -> None:
        """Write the whole catalogue as JSON Lines, which `import` takes back without loss."""
        with cli_errors(), database_of(settings) as database, replacing(output) as lines:
            lines.writelines(encode(line) + b"\n" for line in export_lines(database))

    return command


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
