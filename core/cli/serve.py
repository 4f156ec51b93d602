"""`serve`: both adapters on this machine."""

from __future__ import annotations

import signal
import sys
from contextlib import ExitStack
from importlib.resources import as_file, files
from pathlib import Path

import click
from alembic import command as alembic
from msgspec.structs import replace
from sqlalchemy import func, inspect, select

from diptych.core.catalogue.books.model import Book
from diptych.core.catalogue.models import Base
from diptych.core.cli.access import set_anonymous
from diptych.core.cli.common import alembic_of, cli_errors, database_of
from diptych.core.db.config import make_sqlite_file
from diptych.core.db.schema_diff import require_one_head
from diptych.core.db.schema_version import VERSION_TABLE
from diptych.core.dev_server import check_servers, serving, watch
from diptych.core.import_export.import_job import import_rows
from diptych.core.import_export.sources import Options, open_source
from diptych.core.settings import Settings
from diptych.core.startup_checks import check_revision

SAMPLE = files("diptych.core.data") / "sample.jsonl"


def serve_command(settings: Settings) -> click.Command:
    """Return the command that runs both adapters until it is stopped."""

    @click.command("serve")
    def command() -> None:
        """Serve the catalogue with both adapters: a new one with its tables made and a sample loaded."""
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
        with cli_errors(), ExitStack() as stack:
            check_servers(settings)
            new = _migrate_new(settings)
            state = check_revision(settings)
            database = stack.enter_context(database_of(settings))
            if new:
                # A demonstration: the README's examples write.
                state = replace(state, anonymous="editor")
                set_anonymous(database, "editor")
            for warning in state.warnings():
                click.echo(warning)
            if database.read(lambda executor: executor.all(select(func.count()).select_from(Book), {})) == [(0,)]:
                with as_file(SAMPLE) as path, open_source(path, Options()) as sample:
                    loaded = import_rows(database, sample.entries)
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

    return command


def _migrate_new(settings: Settings) -> bool:
    """Migrate a database that has no table of the catalogue yet; return whether. Any other is left to its operator."""
    make_sqlite_file(settings)
    with alembic_of(settings) as config:
        with config.engine.connect() as connection:
            new = {VERSION_TABLE, *Base.metadata.tables}.isdisjoint(inspect(connection).get_table_names())
        if new:
            require_one_head()
            alembic.upgrade(config, "head")
    return new
