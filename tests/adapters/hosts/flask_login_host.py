"""A Flask application whose users Flask-Login knows."""

from __future__ import annotations

import os

import flask
from flask import Flask
from flask_login import LoginManager, UserMixin, current_user, login_user

from diptych.core.access.principal import HostUser
from diptych.core.settings import Settings
from diptych.flask_app import create_blueprint

ROLES = {"ann": "editor", "bob": "reader"}


class User(UserMixin):
    """A user by name."""

    def __init__(self, name: str) -> None:
        self.id = name


app = Flask(__name__)
app.secret_key = "not secret"  # noqa: S105 - of a test
manager = LoginManager(app)
manager.user_loader(lambda name: User(name) if name in ROLES else None)


@app.post("/login/<name>")
def login(name: str) -> str:
    login_user(User(name))
    return "hello"


def principal(_request: flask.Request) -> HostUser | None:
    """Return the user who is logged in."""
    if not current_user.is_authenticated:
        return None
    return HostUser(current_user.id, current_user.id, ROLES[current_user.id])


app.register_blueprint(create_blueprint(Settings.from_environ(os.environ), principal=principal), url_prefix="/api/v1")
