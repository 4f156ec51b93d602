"""A Flask application whose users and roles Flask-Security keeps, in a database of its own."""

from __future__ import annotations

import os

import flask
from flask import Flask
from flask_security import RoleMixin, Security, UserMixin, current_user, login_user
from flask_security.datastore import UserDatastore

from diptych.core.access.principal import HostUser
from diptych.core.settings import Settings
from diptych.flask_app import create_blueprint


class Role(RoleMixin):
    """A role by name."""

    def __init__(self, name: str) -> None:
        self.name = name


class User(UserMixin):
    """A user by name, with one role."""

    active = True

    def __init__(self, name: str, role: str) -> None:
        self.id, self.email, self.fs_uniquifier = name, f"{name}@example.org", f"unique-{name}"
        self.roles = [Role(role)]


USERS = {"ann": User("ann", "editor"), "bob": User("bob", "reader")}


class Users(UserDatastore):
    """The users above."""

    def __init__(self) -> None:
        super().__init__(User, Role)

    def find_user(self, case_insensitive: bool = False, **values: str) -> User | None:  # noqa: ARG002, FBT001, FBT002 - Flask-Security's
        return next((user for user in USERS.values() if user.fs_uniquifier == values.get("fs_uniquifier")), None)


app = Flask(__name__)
app.config.update(SECRET_KEY="not secret", SECURITY_PASSWORD_SALT="salt")  # noqa: S106 - of a test
Security(app, Users(), register_blueprint=False)


@app.post("/login/<name>")
def login(name: str) -> str:
    login_user(USERS[name])
    return "hello"


def principal(_request: flask.Request) -> HostUser | None:
    """Return the user who is logged in, with the highest role."""
    if not current_user.is_authenticated:
        return None
    return HostUser(
        current_user.fs_uniquifier, current_user.id, "editor" if current_user.has_role("editor") else "reader"
    )


app.register_blueprint(create_blueprint(Settings.from_environ(os.environ), principal=principal), url_prefix="/api/v1")
