"""The commands of `diptych` for `flask`: `flask --app diptych.flask_app ...`, and `flask diptych ...` of a host."""

from __future__ import annotations

import click
from flask.blueprints import BlueprintSetupState
from flask.cli import AppGroup

from diptych.core.cli import COMMANDS, make_command
from diptych.core.settings import Settings


class Commands(AppGroup):
    """`database`, its alias `db`, `import`, `export` and the rest, beside those that are added to it.

    A command is imported when it is used: a server needs none of them, nor Alembic.
    """

    def __init__(self, settings: Settings, name: str) -> None:
        super().__init__(name, help="The catalogue: its database, import and export.")
        self._settings = settings

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted({*super().list_commands(ctx), *COMMANDS})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        found = super().get_command(ctx, cmd_name)
        return make_command(cmd_name, self._settings) if found is None and cmd_name in COMMANDS else found


def add_commands(state: BlueprintSetupState, settings: Settings) -> None:
    """Add `flask diptych ...` to an application that mounts the blueprint. Its own commands, `db` too, stay its own."""
    name = state.blueprint.name
    state.app.cli.commands.setdefault(name, Commands(settings, name))
