"""`check-db-status`: the state of the database, for people and for scripts."""

from __future__ import annotations

from dataclasses import replace

import click
from sqlalchemy import inspect

from diptych.core.catalogue.models import Base
from diptych.core.cli.common import cli_errors
from diptych.core.db.config import inspecting
from diptych.core.db.database_status import Status, status
from diptych.core.db.schema_version import MERGE, heads
from diptych.core.http.json import encode
from diptych.core.legacy_import.inference import infer
from diptych.core.legacy_import.schema_detection import read_estate
from diptych.core.legacy_import.schema_history import FIRST
from diptych.core.settings import Settings

ADOPT = '"diptych database adopt --dry-run" says what it would take over'


def check_status_command(settings: Settings) -> click.Command:
    """Return the command that reports the state of the database."""

    @click.command("check-db-status")
    @click.option("--json", "as_json", is_flag=True, help="As one JSON object on one line.")
    @click.pass_context
    def command(context: click.Context, *, as_json: bool) -> None:
        """Tell whether the database is healthy, its revision, drift from the models, and the latency of one question.

        Nothing is written to it. Exit status: 0 healthy; 1 behind, or not as the models say; 2 it cannot be asked;
        3 a setting is wrong.
        """
        with cli_errors():
            found = status(settings, Base.metadata)
            if found.reachable and found.revision is None and (names := _adoptable(settings)):
                problem = f"There are tables of a catalogue ({', '.join(names)}), and no revision: {ADOPT}."
                found = replace(found, problem=problem)
        click.echo(encode(found) if as_json else "\n".join(_lines(found)))
        context.exit(0 if found.healthy else 1 if found.reachable else 2)

    return command


def _adoptable(settings: Settings) -> list[str]:
    """Return the tables that `database adopt` would read, of a database without a revision."""
    with inspecting(settings) as connection:
        # Whether our own tables are those of a revision, only `adopt` can tell: comparing them takes writing.
        if set(inspect(connection).get_table_names()) >= FIRST:
            return sorted(FIRST)
        return sorted(infer(read_estate(connection).estate, set()).plan.tables())


def _lines(found: Status) -> list[str]:
    lines = [f"healthy: {'yes' if found.healthy else 'no'}"]
    if found.problem:
        lines.append(f"problem: {found.problem}")
    if found.reachable:
        newest = _head(found)
        lines.append(f"revision: {found.revision or 'none'} {newest}")
        lines += [f"drift: {line}" for line in _drift(found)]
        lines.append(f"latency: {found.latency_ms} ms")
    return lines


def _head(found: Status) -> str:
    if found.revision != found.head:
        return f"(the head is {found.head})"
    return f"(heads: {MERGE})" if len(heads()) > 1 else "(head)"


def _drift(found: Status) -> list[str]:
    return ["not compared"] if found.drift is None else found.drift or ["none"]
