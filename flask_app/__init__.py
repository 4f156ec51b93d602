"""Diptych on Flask."""

from __future__ import annotations

import os

from flask import Flask
from werkzeug.routing import Map

from diptych.bare import alias_in_diptych
from diptych.core.observability import json_logging
from diptych.core.settings import Settings, settings_or_exit
from diptych.core.sync.application import Application
from diptych.core.tuning.garbage_collection import skip_gc_at_exit
from diptych.flask_app.blueprint import create_blueprint
from diptych.flask_app.commands import Commands
from diptych.flask_app.errors import register_errors
from diptych.flask_app.server.raw_path import RawPath

__all__ = ("create_app", "create_blueprint")

alias_in_diptych(__name__)


def create_app(*, settings: Settings | None = None) -> Flask:
    """Create the service as a Flask application.

    Without settings it reads the environment, and ends the program with one line when that is wrong.
    """
    settings = settings or settings_or_exit(os.environ)
    skip_gc_at_exit()
    json_logging.begin(settings.log_level)
    app = Flask(__name__, static_folder=None)
    app.url_map = Map(merge_slashes=False)
    # One more byte than is allowed: Flask cuts an over-long chunked body at its limit, and the core must see that.
    app.config["MAX_CONTENT_LENGTH"] = settings.max_body_bytes + 1
    app.wsgi_app = RawPath(app.wsgi_app)  # type: ignore[method-assign]  # as Flask documents it
    application = app.extensions["diptych"] = Application(settings)
    app.register_blueprint(create_blueprint(application))
    register_errors(app, application)
    app.cli = Commands(settings, app.name)
    return app
