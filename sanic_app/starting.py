"""The start of the Sanic deployment."""

from __future__ import annotations

from typing import Any

from core.starting import check_revision_or_exit
from sanic_app.wire import Service


class Checked(Service):
    """The service, which is not started on a database that is behind. Its settings are in `ctx.settings`."""

    def prepare(self, *arguments: Any, **options: Any) -> None:
        # Sanic's main process does this before anything runs: a worker that ended would be started for ever.
        check_revision_or_exit(self.ctx.settings)
        super().prepare(*arguments, **options)
