"""Another team's Sanic application: with a cookie, headers of its own, and a mount for those who have logged in."""

from __future__ import annotations

import os

import sanic
from sanic import Sanic
from sanic.exceptions import Unauthorized

from diptych.core.aio.application import Application
from diptych.core.settings import Settings
from diptych.sanic_app import create_blueprint

app = Sanic("library_team")

catalogue = Application(Settings.from_environ(os.environ))


@app.on_request
async def welcome(request: sanic.Request) -> None:
    request.ctx.visits = int(request.cookies.get("visits", "0")) + 1
    request.ctx.principal = request.headers.get("X-User", "nobody")


@app.on_response
async def sign(request: sanic.Request, response: sanic.HTTPResponse) -> None:
    response.headers["X-Principal"] = request.ctx.principal
    response.headers["X-Visits"] = str(request.ctx.visits)
    response.headers["X-Powered-By"] = "the team"
    response.add_cookie("visits", str(request.ctx.visits), secure=False)


staff = create_blueprint(catalogue, "staff")


@staff.on_request
async def require_principal(request: sanic.Request) -> None:
    if request.ctx.principal == "nobody":
        raise Unauthorized("who are you?")


app.blueprint(create_blueprint(catalogue), url_prefix="/api/v1")
app.blueprint(staff, url_prefix="/staff")
