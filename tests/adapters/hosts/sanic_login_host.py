"""A Sanic application whose middleware finds out who the user is."""

from __future__ import annotations

import os

import sanic
from sanic import Sanic

from diptych.core.access.principal import HostUser
from diptych.core.settings import Settings
from diptych.sanic_app import create_blueprint

ROLES = {"ann": "editor", "bob": "reader"}

app = Sanic("login_host")


@app.post("/login/<name:str>")
async def login(_request: sanic.Request, name: str) -> sanic.HTTPResponse:
    response = sanic.text("hello")
    response.add_cookie("user", name, secure=False)
    return response


@app.on_request
async def identify(request: sanic.Request) -> None:
    name = request.cookies.get("user")
    request.ctx.user = HostUser(name, name, ROLES[name]) if name in ROLES else None


def principal(request: sanic.Request) -> HostUser | None:
    """Return the user whom the middleware has found."""
    found: HostUser | None = request.ctx.user
    return found


app.blueprint(create_blueprint(Settings.from_environ(os.environ), principal=principal), url_prefix="/api/v1")
