"""Another team's Flask application with the catalogue in it: under a prefix, under a blueprint, and as WSGI."""

from __future__ import annotations

import os

from flask import Blueprint, Flask
from werkzeug.exceptions import HTTPException, NotFound
from werkzeug.middleware.dispatcher import DispatcherMiddleware

import diptych.flask_app
from diptych.core.settings import Settings
from diptych.core.sync.application import Application
from diptych.flask_app import create_blueprint

app = Flask(__name__)
app.url_map.strict_slashes = False


@app.get("/hello")
def hello() -> str:
    return "the host's own page"


@app.get("/broken")
def broken() -> str:
    raise RuntimeError("the host's own mistake")


@app.errorhandler(NotFound)
def not_found(_error: NotFound) -> tuple[str, int]:
    return "the host's own 404", 404


@app.errorhandler(HTTPException)
def http_error(error: HTTPException) -> tuple[str, int]:
    return f"the host's own {error.code}", error.code or 500


@app.errorhandler(Exception)
def unexpected(error: Exception) -> tuple[str, int]:
    return f"the host's own 500: {error}", 500


library = Blueprint("library", __name__, url_prefix="/library")


@library.get("/hours")
def hours() -> str:
    return "nine to five"


# The catalogue is mounted last, where it could take over the most.
settings = Settings.from_environ(os.environ)
catalogue = Application(settings)
app.register_blueprint(create_blueprint(catalogue), url_prefix="/api/v1")
library.register_blueprint(create_blueprint(catalogue), url_prefix="/catalogue")
app.register_blueprint(library)
app.wsgi_app = DispatcherMiddleware(app.wsgi_app, {"/mounted": diptych.flask_app.create_app(settings=settings)})
