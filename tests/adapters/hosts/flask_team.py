"""Another team's Flask application: with a session, headers of its own, and a mount for those who have logged in."""

from __future__ import annotations

import os

from flask import Flask, Response, abort, g, request, session

from diptych.core.settings import Settings
from diptych.core.sync.application import Application
from diptych.flask_app import create_blueprint

app = Flask(__name__)
app.secret_key = "of the tests"  # noqa: S105 - as it says

catalogue = Application(Settings.from_environ(os.environ))


@app.before_request
def welcome() -> None:
    session["visits"] = session.get("visits", 0) + 1
    g.principal = request.headers.get("X-User", "nobody")


@app.after_request
def sign(response: Response) -> Response:
    response.headers["X-Principal"] = g.principal
    response.headers["X-Visits"] = str(session["visits"])
    response.headers["Access-Control-Allow-Origin"] = "https://team.example"
    return response


staff = create_blueprint(catalogue, "staff")


@staff.before_request
def require_principal() -> None:
    if g.principal == "nobody":
        abort(401)


app.register_blueprint(create_blueprint(catalogue), url_prefix="/api/v1")
app.register_blueprint(staff, url_prefix="/staff")
