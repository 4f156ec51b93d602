"""A wrong setting ends the start at once, with one line that names it."""

from __future__ import annotations

import sys

import pytest

from tests.support.databases import run
from tests.support.deployments import command, free_port

PORT = str(free_port())
PYTHON = [sys.executable, "-m"]

STARTS = {
    "gunicorn with its configuration": command("flask", int(PORT)),
    "gunicorn alone": [
        *PYTHON,
        "gunicorn",
        "-b",
        f"127.0.0.1:{PORT}",
        "--no-control-socket",
        "diptych.flask_app:create_app()",
    ],
    "sanic": command("sanic", int(PORT)),
    "flask run": [*PYTHON, "flask", "--app", "diptych.flask_app", "run", "--port", PORT],
    "flask database": [*PYTHON, "flask", "--app", "diptych.flask_app", "database", "upgrade", "--no-prompt"],
}

WRONG = {
    "a value that cannot be": (
        {"DIPTYCH_POOL_SIZE": "many"},
        "diptych: DIPTYCH_POOL_SIZE must be a whole number from 1 to 1000, not 'many'",
    ),
    "a database that is not served": (
        {"DATABASE_URL": "mysql://reader:secret@db/books"},
        "diptych: DATABASE_URL names 'mysql'; PostgreSQL and SQLite are served",
    ),
    "a database that is no URL": (
        {"DATABASE_URL": "reader:secret@db"},
        "diptych: DATABASE_URL is not a database URL such as postgresql://user@host/db or sqlite:///var/diptych.db",
    ),
    "a database of each worker's own": (
        {"DATABASE_URL": "sqlite://"},
        "diptych: DATABASE_URL names no file, and SQLite needs one that all workers share: sqlite:///var/diptych.db",
    ),
    "a setting that is none": (
        {"DIPTYCH_POLL_SIZE": "5"},
        "diptych: DIPTYCH_POLL_SIZE is not a setting; did you mean DIPTYCH_POOL_SIZE?",
    ),
    "an origin that is none": (
        {"DIPTYCH_CORS_ORIGINS": "https://shop.example.org, x.org/"},
        "diptych: DIPTYCH_CORS_ORIGINS names 'x.org/', which is no origin such as https://shop.example.org, and not *",
    ),
    "half an identity provider": (
        {"DIPTYCH_OIDC_ISSUER": "https://id.example.org", "DIPTYCH_OIDC_AUDIENCE": "diptych"},
        "diptych: DIPTYCH_OIDC_ISSUER is set, and DIPTYCH_OIDC_ROLES not: the three go together",
    ),
    "a port that is none": (
        {"SANIC_PORT": "80000"},
        "diptych: SANIC_PORT must be a whole number from 1 to 65535, not '80000'",
    ),
}


@pytest.mark.long
@pytest.mark.parametrize("start", STARTS)
def test_a_wrong_setting_ends_every_start_with_one_line(start: str):
    settings, line = WRONG["a setting that is none"]

    # gunicorn would restart workers for ever, and this would time out, if it took them for crashed.
    done = run(STARTS[start], check=False, **settings)

    assert done.returncode == 3
    assert done.stdout == ""
    assert [each for each in done.stderr.splitlines() if not _of_gunicorn(each)] == [line]


def _of_gunicorn(line: str) -> bool:
    """Return whether a line is gunicorn's own log of starting and stopping."""
    return '"logger":"gunicorn.error"' in line or (line.startswith("[") and (" [INFO] " in line or " [ERROR] " in line))


@pytest.mark.long
@pytest.mark.parametrize("what", WRONG)
def test_every_wrong_setting_is_reported_in_a_line_that_names_it(what: str):
    settings, line = WRONG[what]

    done = run(command("flask", int(PORT)), check=False, **settings)

    assert (done.returncode, done.stdout, done.stderr) == (3, "", f"{line}\n")
