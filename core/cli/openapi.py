"""`openapi`: the OpenAPI document."""

from __future__ import annotations

import click

from diptych.core.http.json import encode
from diptych.core.http.openapi.document import document
from diptych.core.settings import Settings
from diptych.core.sync.operations import OPERATIONS


def openapi_command(_: Settings) -> click.Command:
    """Return the command that writes the OpenAPI document."""

    @click.command("openapi")
    @click.option("--prefix", default="", metavar="PATH", help="Where the catalogue is mounted, such as /api/v1.")
    def command(prefix: str) -> None:
        """Write the OpenAPI document, as it is served at /openapi.json."""
        click.echo(encode(document(OPERATIONS, prefix)))

    return command
