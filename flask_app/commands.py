"""`flask --app diptych.flask_app ...`: the commands of `diptych`, with this application's settings."""

from __future__ import annotations

from functools import cached_property

import click
from flask.cli import AppGroup

from diptych.core.settings import Settings


class Commands(AppGroup):
    """`database`, its alias `db`, `import`, `export` and the rest, beside those that a host adds.

    They are made when somebody asks for one: a server needs none of them, nor Alembic.
    """

    def __init__(self, settings: Settings, name: str) -> None:
        super().__init__(name)
        self._settings = settings

    @cached_property
    def _ours(self) -> dict[str, click.Command]:
        from diptych.core.cli import commands  # noqa: PLC0415 - see above

        return commands(self._settings)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted({*super().list_commands(ctx), *self._ours})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        return super().get_command(ctx, cmd_name) or self._ours.get(cmd_name)
