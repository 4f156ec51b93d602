"""The command line: `diptych ...`, and the same commands for `flask --app diptych.flask_app ...`."""

from __future__ import annotations

import os
from typing import Any

import click

from diptych.core.cli.access import access_group
from diptych.core.cli.accounts import accounts_group
from diptych.core.cli.database import database_group
from diptych.core.cli.dump import load_command
from diptych.core.cli.export import export_command
from diptych.core.cli.files import files_group
from diptych.core.cli.history import history_group
from diptych.core.cli.import_command import import_command
from diptych.core.cli.keys import keys_group
from diptych.core.cli.openapi import openapi_command
from diptych.core.cli.serve import serve_command
from diptych.core.cli.status import check_status_command
from diptych.core.cli.tokens import tokens_group
from diptych.core.cli.work import work_command
from diptych.core.settings import Settings, settings_or_exit
from diptych.core.tuning.garbage_collection import skip_gc_at_exit


def commands(settings: Settings) -> dict[str, click.Command]:
    """Return every command, by name, for these settings."""
    database = database_group(settings)
    return {
        "database": database,
        "db": database,
        "access": access_group(settings),
        "accounts": accounts_group(settings),
        "tokens": tokens_group(settings),
        "keys": keys_group(settings),
        "files": files_group(settings),
        "history": history_group(settings),
        "import": import_command(settings),
        "export": export_command(settings),
        "load": load_command(settings),
        "check-db-status": check_status_command(settings),
        "serve": serve_command(settings),
        "work": work_command(settings),
        "openapi": openapi_command(),
    }


def main(arguments: list[str] | None = None) -> Any:
    """Run the console script."""
    settings = settings_or_exit(os.environ)
    skip_gc_at_exit()
    group = click.Group("diptych", commands=commands(settings), help="Diptych, a book catalogue.")
    group = click.version_option(package_name="diptych", message="%(prog)s %(version)s")(group)
    return group.main(arguments, prog_name="diptych")
