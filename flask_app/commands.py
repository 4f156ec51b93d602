"""`flask --app flask_app ...`: the commands of `diptych`, with this application's settings."""

from __future__ import annotations

import flask

from core.cli import commands
from core.settings import Settings


def register_commands(app: flask.Flask, settings: Settings) -> None:
    """Add `database`, its alias `db`, `import`, `export` and the rest to `flask`."""
    for name, command in commands(settings).items():
        app.cli.add_command(command, name)
