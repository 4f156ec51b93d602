"""Diptych on Sanic."""

from __future__ import annotations

import os
from typing import Any

from sanic import Sanic

from diptych.bare import alias_in_diptych
from diptych.core.aio.application import Application
from diptych.core.settings import Settings, settings_or_exit
from diptych.core.tuning.garbage_collection import skip_gc_at_exit
from diptych.sanic_app.blueprint import create_blueprint
from diptych.sanic_app.errors import register_errors
from diptych.sanic_app.log import begin_log
from diptych.sanic_app.server.worker_supervision import RevisionCheckedSanic, keep_workers, release_sigterm

__all__ = ("create_app", "create_blueprint")

alias_in_diptych(__name__)


def create_app(*, settings: Settings | None = None) -> Sanic[Any, Any]:
    """Create the service as a Sanic application.

    Without settings it reads the environment, and exits with one line when that is wrong.
    """
    settings = settings or settings_or_exit(os.environ)
    skip_gc_at_exit()
    begin_log(settings.log_level)
    app = RevisionCheckedSanic("diptych", strict_slashes=True, configure_logging=False)
    app.ctx.settings = settings
    app.config.AUTO_EXTEND = False
    app.config.REQUEST_MAX_SIZE = settings.max_body_bytes
    app.config.KEEP_ALIVE_TIMEOUT = settings.keepalive_timeout
    app.config.REQUEST_TIMEOUT = settings.keepalive_timeout
    # The core enforces the deadline; Sanic's own timeout would respond while the work still runs.
    app.config.RESPONSE_TIMEOUT = 3600 + settings.request_timeout
    # One second is left for cancelled work to return its database connection.
    app.config.GRACEFUL_SHUTDOWN_TIMEOUT = settings.stop_timeout - 1
    application = Application(settings)
    app.ctx.body_limits = application.body_limits
    blueprint = create_blueprint(application)
    app.ctx.admit = blueprint.ctx.admit
    app.blueprint(blueprint)
    register_errors(app, application)
    app.main_process_start(release_sigterm)
    app.main_process_ready(keep_workers)
    return app
