"""Another team's Sanic application with the catalogue in it: under a prefix, and under a group of blueprints."""

from __future__ import annotations

import os

import sanic
from sanic import Blueprint, Sanic
from sanic.exceptions import NotFound, SanicException

from diptych.core.aio.application import Application
from diptych.core.settings import Settings
from diptych.sanic_app import create_blueprint

app = Sanic("library_host")


@app.get("/hello")
async def hello(_request: sanic.Request) -> sanic.HTTPResponse:
    return sanic.html("the host's own page")


@app.get("/broken")
async def broken(_request: sanic.Request) -> sanic.HTTPResponse:
    raise RuntimeError("the host's own mistake")


@app.exception(NotFound)
async def not_found(_request: sanic.Request, _error: NotFound) -> sanic.HTTPResponse:
    return sanic.html("the host's own 404", status=404)


@app.exception(SanicException)
async def http_error(_request: sanic.Request, error: SanicException) -> sanic.HTTPResponse:
    return sanic.html(f"the host's own {error.status_code}", status=error.status_code)


@app.exception(Exception)
async def unexpected(_request: sanic.Request, error: Exception) -> sanic.HTTPResponse:
    return sanic.html(f"the host's own 500: {error}", status=500)


library = Blueprint("library")


@library.get("/hours")
async def hours(_request: sanic.Request) -> sanic.HTTPResponse:
    return sanic.html("nine to five")


# The catalogue is mounted last, where it could take over the most.
catalogue = Application(Settings.from_environ(os.environ))
app.blueprint(create_blueprint(catalogue), url_prefix="/api/v1")
nested = Blueprint.group(create_blueprint(catalogue, "nested"), url_prefix="/catalogue")
app.blueprint(Blueprint.group(library, nested, url_prefix="/library"))
