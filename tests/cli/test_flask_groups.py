"""The commands under `flask`: ours in our own application, and beside those of an application that mounts it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from flask import Flask
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy

from diptych.core.db.schema_version import head
from diptych.core.settings import Settings
from diptych.flask_app import create_blueprint
from tests.support.databases import Databases, run

FLASK = [sys.executable, "-m", "flask", "--app", "diptych.flask_app", "db"]


@pytest.mark.unsampled
@pytest.mark.long
def test_what_fingers_know_of_flask_migrate_works_in_our_own_application(databases: Databases, tmp_path: Path):
    url = databases.empty("sqlite")

    def told(*arguments: str) -> str:
        return run([*FLASK, *arguments], DATABASE_URL=url).stdout

    assert told("upgrade") == f"The database is at revision {head()}.\n"
    assert told("current") == f"{head()} (head)\n"
    assert "nothing to write" in told("migrate", "-m", "none")
    assert f"Wrote {tmp_path}/" in told("revision", "-m", "by hand", "--directory", str(tmp_path))
    assert "make-migrations" in told("migrate", "--help")
    assert "make-migrations" in told("revision", "--help")


@pytest.mark.parametrize("first", ["Flask-Migrate", "the catalogue"])
def test_the_db_group_of_a_host_stays_its_own_and_ours_is_called_diptych(databases: Databases, first: str):
    host = Flask("host")
    host.config["SQLALCHEMY_DATABASE_URI"] = "sqlite://"
    settings = Settings(database_url=databases.migrated("sqlite"))
    steps = [
        lambda: Migrate(host, SQLAlchemy(host)),
        lambda: host.register_blueprint(create_blueprint(settings), url_prefix="/catalogue"),
    ]
    for step in steps if first == "Flask-Migrate" else reversed(steps):
        step()
    runner = host.test_cli_runner()

    assert "Perform database migrations." in runner.invoke(args=["db", "--help"]).output
    assert runner.invoke(args=["diptych", "database", "current"]).output == f"{head()} (head)\n"
    assert "healthy: yes" in runner.invoke(args=["diptych", "check-db-status"]).output


def test_a_command_of_a_host_that_is_called_diptych_stays(databases: Databases):
    host = Flask("host")

    @host.cli.command("diptych")
    def own() -> None:
        print("the host's own")

    for name, prefix in (("diptych", "/one"), ("other", "/other")):
        settings = Settings(database_url=databases.migrated("sqlite"))
        host.register_blueprint(create_blueprint(settings, name), url_prefix=prefix)
    runner = host.test_cli_runner()

    assert runner.invoke(args=["diptych"]).output == "the host's own\n"
    assert runner.invoke(args=["other", "database", "current"]).output == f"{head()} (head)\n"
