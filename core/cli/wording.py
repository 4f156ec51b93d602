"""`wording`: the words of the pages, to be translated."""

from __future__ import annotations

import click

from diptych.core.settings import Settings
from diptych.core.web.translation import template


def wording_command(_: Settings) -> click.Command:
    """Return the command that writes the words of the pages."""

    @click.command("wording")
    def command() -> None:
        """Write the words of the pages as a template of gettext (.pot), to be translated."""
        click.echo(template(), nl=False)

    return command
