"""The command line: `diptych ...`, and the same commands for `flask --app diptych.flask_app ...`."""

from __future__ import annotations

import os
from importlib import import_module
from typing import Any

import click

from diptych.core.settings import Settings, settings_or_exit
from diptych.core.tuning.garbage_collection import skip_gc_at_exit

COMMANDS = {
    "database": "database.database_group",
    "db": "database.database_group",
    "access": "access.access_group",
    "accounts": "accounts.accounts_group",
    "tokens": "tokens.tokens_group",
    "keys": "keys.keys_group",
    "files": "files.files_group",
    "history": "history.history_group",
    "import": "import_command.import_command",
    "export": "export.export_command",
    "load": "dump.load_command",
    "check-db-status": "status.check_status_command",
    "serve": "serve.serve_command",
    "work": "work.work_command",
    "openapi": "openapi.openapi_command",
    "wording": "wording.wording_command",
}
"""Each command, and the function that makes it. Its module is imported when the command is used: all take a second."""


def make_command(name: str, settings: Settings) -> click.Command:
    """Return a command for these settings. Errors: KeyError where there is none of that name."""
    command: click.Command = imported(COMMANDS[name])(settings)
    return command


def imported(place: str) -> Any:
    """Import a module of this package, and return what it has by a name. place: such as "dump.load_command"."""
    module, _, name = place.partition(".")
    return getattr(import_module(f"diptych.core.cli.{module}"), name)


class Commands(click.Group):
    """The commands for some settings."""

    def __init__(self, settings: Settings, name: str = "diptych", **attributes: Any) -> None:
        super().__init__(name, **attributes)
        self._settings = settings

    def list_commands(self, _: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, _: click.Context, cmd_name: str) -> click.Command | None:
        return make_command(cmd_name, self._settings) if cmd_name in COMMANDS else None


def main(arguments: list[str] | None = None) -> Any:
    """Run the console script."""
    settings = settings_or_exit(os.environ)
    skip_gc_at_exit()
    group = Commands(settings, help="Diptych, a book catalogue.")
    group = click.version_option(package_name="diptych", message="%(prog)s %(version)s")(group)
    return group.main(arguments, prog_name="diptych")
