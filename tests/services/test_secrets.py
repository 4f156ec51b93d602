"""A password, tokens and names are sent to every operation and command, and found nowhere that they do not belong."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from pathlib import Path

import pytest
from sqlalchemy import inspect

from diptych.core.access import passwords
from diptych.core.access.permissions import SCOPES
from diptych.core.observability.json_logging import Formatter
from tests.services.api import Api
from tests.services.test_statements import LINES, ask, catalogue
from tests.support import before
from tests.support.commands import done, invoked
from tests.support.databases import Databases

NAME, PASSWORD, WRONG = "planted-7q-name", "a planted 7q password", "another planted 7q one"

NAMED = ("account", "change", "job", "security_event")
"""With what the names of tables begin that have names of accounts; `account_words` is SQLite's full-text index."""

ABOUT_PEOPLE = ("accounts_", "tokens_", "me_", "security_events_", "page_", "ui_")

FORMS = (
    ("ui_sign_in", f"name={NAME}&password={WRONG}"),
    ("ui_sign_in", f"name={PASSWORD}&password={NAME}"),
    ("ui_password", f"current_password={WRONG}&new_password={PASSWORD}"),
    ("ui_password", f"current_password={PASSWORD}&new_password=short"),
    ("ui_sign_out", ""),
)


async def planted(api: Api) -> list[str]:
    """Have an administrator with a token and a session send the requests; return all secrets of theirs."""
    account = await api.made("accounts_create", {"name": NAME, "role": "administrator"})
    token = (await api.made("tokens_create", {"label": "x", "account_id": account["id"], "scope": " ".join(SCOPES)}))[
        "token"
    ]
    password_hash = passwords.hash_password(PASSWORD)
    before.execute(
        api.twin.url,
        f"UPDATE account SET password_hash = '{password_hash}' WHERE name = '{NAME}'",  # noqa: S608 - no text from outside
        "DELETE FROM sign_in_attempt",
    )
    api.sender = {"host": "localhost"}
    signed_in, _ = await api.call("ui_sign_in", form=f"name={NAME}&password={PASSWORD}")
    session = signed_in.headers["Set-Cookie"].partition("=")[2].partition(";")[0]
    api.sender |= {"authorization": f"Bearer {token}", "cookie": f"diptych-session={session}"}
    return [PASSWORD, PASSWORD.replace(" ", "+"), WRONG, token, session]


def found_in(text: str, needles: Iterable[str]) -> list[str]:
    return [each for each in needles if each in text]


def tables(url: str) -> dict[str, str]:
    """Return the rows of every table of a database, as text."""
    with before.connected(url) as connection:
        names = inspect(connection).get_table_names()
        return {name: repr(connection.exec_driver_sql(f'SELECT * FROM "{name}"').all()) for name in names}  # noqa: S608 - of the database


def logged(caplog: pytest.LogCaptureFixture) -> str:
    return "\n".join(Formatter().format(record) for record in caplog.records)


async def test_no_secret_and_no_name_gets_where_it_does_not_belong(api: Api, caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.DEBUG, "diptych")
    found = await catalogue(api)
    secrets = await planted(api)

    lines = [line for line in LINES if " form:" not in line]
    answers = [(line.split()[0], (await ask(api, found, line))[0]) for line in lines]
    answers += [(name, (await api.call(name, form=form.replace(" ", "+")))[0]) for name, form in FORMS]
    for name, body in (("authors_create", {"name": "Kept"}), ("tags_create", {"name": "kept"})):
        assert (await api.call(name, body, key=name))[0].status == 201
    # The database cannot serve the sign-in, and a hash is damaged: both are logged with their traces.
    before.execute(api.twin.url, f"UPDATE account SET password_hash = '{PASSWORD}' WHERE name = '{NAME}'")  # noqa: S608 - a constant
    assert (await api.call("ui_sign_in", form=f"name={NAME}&password={PASSWORD}"))[0].status == 500
    before.execute(
        api.twin.url, "UPDATE account SET password_hash = NULL", "ALTER TABLE sign_in_attempt RENAME TO elsewhere"
    )
    failed = (await api.call("ui_sign_in", form=f"name={NAME}&password={PASSWORD}"))[0]
    before.execute(api.twin.url, "ALTER TABLE elsewhere RENAME TO sign_in_attempt")
    assert failed.status >= 500

    assert "sign_in_failed" in caplog.text
    assert "Traceback" in logged(caplog)
    assert not found_in(logged(caplog), [*secrets, NAME, "argon2id"])
    for operation, answer in answers:
        body = answer.body.decode(errors="replace") if isinstance(answer.body, bytes) else ""
        # A page shows again what was typed as a name, to the one who typed it: here, a password.
        assert not found_in(body, [each for each in secrets if operation != "ui_sign_in" or each != PASSWORD]), (
            operation
        )
        about_people = operation.startswith(ABOUT_PEOPLE) or "changes" in operation or '"created_by"' in body
        assert about_people or not found_in(body, [NAME]), operation
    for table, rows in tables(api.twin.url).items():
        assert not found_in(rows, [each for each in secrets if table != "account" or each != PASSWORD]), table
        assert table.startswith(NAMED) or not found_in(rows, [NAME]), table


def test_no_command_tells_a_secret(
    databases: Databases, backend: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    url = databases.migrated(backend)
    done(url, "accounts", "create", NAME)
    done(url, "accounts", "password", NAME, stdin=f"{PASSWORD}\n")
    token = done(url, "tokens", "create", NAME).strip()
    secrets = [PASSWORD, token, token[4:40], "argon2id", "$argon2"]
    commands = [
        ["accounts", "password", NAME],
        ["accounts", "list"],
        ["accounts", "role", NAME, "editor"],
        ["tokens", "list", NAME],
        ["access", "anonymous"],
        ["database", "dump-data", "--dir", str(tmp_path / "dump")],
        ["export", str(tmp_path / "books.jsonl")],
        ["history", "redact", NAME],
        ["accounts", "disable", NAME],
        ["accounts", "delete", NAME],
    ]

    for command in commands:
        result = invoked(url, *command, stdin=f"{PASSWORD} {token}\n")
        assert not found_in(result.output, secrets), command
        assert not found_in(result.output, [NAME]) or command[0] in ("accounts", "tokens"), command

    written = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(written) >= 2
    for path in written:
        assert not found_in(path.read_bytes().decode(errors="replace"), [*secrets, NAME]), path
    assert not found_in(logged(caplog), [*secrets, NAME])
