"""`history`, and what other commands leave in the history."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, func, insert, select, update
from uuid_utils.compat import uuid7

from diptych.core.access.events.model import SecurityEvent
from diptych.core.catalogue.books.model import Book
from diptych.core.catalogue.tags.model import Tag
from diptych.core.cli.common import database_of
from diptych.core.history.model import Change
from diptych.core.import_export.undo_job import undo_request
from diptych.core.jobs.model import Job
from diptych.core.settings import Settings
from diptych.core.sync.operations import RESOURCES
from tests.support.changes import changes, opened, replayed, state
from tests.support.commands import done, invoked, refused
from tests.support.databases import BACKENDS, Databases
from tests.support.talking import BOOKS


@pytest.fixture(params=BACKENDS)
def url(request: pytest.FixtureRequest, databases: Databases) -> str:
    return databases.migrated(request.param)


def _recorded(url: str, *rows: dict[str, Any]) -> None:
    """Add entries to the history."""
    common = {"action": "create", "resource": "tag", "resource_id": uuid7(), "before": None, "after": {}}
    empty = {"principal": None, "name": None, "via": "token", "request_id": None, "at": datetime.now(UTC)}
    with opened(url) as engine, engine.begin() as connection:
        connection.execute(insert(Change), [{**common, **empty, **row} for row in rows])


def test_changes_older_than_an_age_are_deleted(url: str):
    ages = {"old": 91, "older": 400, "young": 89}
    _recorded(url, *({"request_id": name, "at": datetime.now(UTC) - timedelta(days=age)} for name, age in ages.items()))

    assert done(url, "history", "trim", "--older-than", "2y") == "Deleted 0 changes.\n"
    assert done(url, "history", "trim", "--older-than", "90d") == "Deleted 2 changes.\n"
    assert [each.request_id for each in changes(url)] == ["young"]
    assert "'soon' is not an age" in refused(url, "history", "trim", "--older-than", "soon", status=2)
    assert "'9999y' ago there was no calendar" in refused(url, "history", "trim", "--older-than", "9999y", status=2)
    assert "Missing option '--older-than'" in refused(url, "history", "trim", status=2)


def test_the_name_of_an_account_is_taken_out_of_all_its_changes(url: str):
    _recorded(
        url,
        {"principal": "1", "name": "ann"},
        {"principal": "1", "name": "anna"},
        {"principal": "2", "name": "bob"},
        {"principal": "3", "name": "carol"},
        {"principal": "4", "name": "Dave of the Host", "via": "host"},
        {"principal": None, "name": None, "via": "unknown"},
    )

    assert done(url, "history", "redact", "Ann") == "Redacted 2 changes and 0 security events.\n"
    assert done(url, "history", "redact", "2") == "Redacted 1 change and 0 security events.\n"
    assert done(url, "history", "redact", "nobody") == "Redacted 0 changes and 0 security events.\n"
    assert done(url, "history", "redact", "Dave of the Host") == "Redacted 1 change and 0 security events.\n"
    assert [(each.principal, each.name) for each in changes(url)] == [
        ("1", None),
        ("1", None),
        ("2", None),
        ("3", "carol"),
        ("4", None),
        (None, None),
    ]


def test_the_name_of_an_account_is_taken_out_of_the_jobs_that_it_asked_for(url: str):
    times = {"created_at": datetime.now(UTC), "available_at": None}
    common = {"type": "import", "parameters": {}, "state": "succeeded", "attempts": 0, "done": 0, "counts": {}, **times}
    with opened(url) as engine, engine.begin() as connection:
        rows = [{**common, "id": uuid7(), "via": "token", "name": name, "principal": name} for name in ("ann", "bob")]
        connection.execute(insert(Job), rows)

    done(url, "history", "redact", "Ann")

    with opened(url) as engine, engine.begin() as connection:
        assert connection.execute(select(Job.principal, Job.name).order_by(Job.principal)).all() == [
            ("ann", None),
            ("bob", "bob"),
        ]


def test_an_import_is_in_the_history_once(url: str, tmp_path: Path):
    file = tmp_path / "books.jsonl"
    file.write_text("".join(json.dumps(book) + "\n" for book in BOOKS), encoding="utf-8")
    before = state(url)

    done(url, "import", str(file))
    made = changes(url)
    done(url, "import", str(file))

    assert replayed(before, made) == state(url)
    assert {(each.via, each.principal) for each in made} == {("import", None)}
    assert len({each.request_id for each in made} - {None}) == 1
    assert changes(url) == made


def test_a_load_is_in_the_history_of_the_new_catalogue(url: str, databases: Databases, tmp_path: Path):
    file, dump = tmp_path / "books.jsonl", tmp_path / "dump.json"
    file.write_text("".join(json.dumps(book) + "\n" for book in BOOKS), encoding="utf-8")
    other = databases.migrated(url.partition(":")[0])
    done(url, "import", str(file))
    done(url, "database", "dump-data", "--output", str(dump))
    before = state(other)

    done(other, "load", str(dump))
    made = changes(other)

    assert replayed(before, made) == state(other) == state(url)
    assert {each.via for each in made} == {"load"}
    assert "import" not in dump.read_text(encoding="utf-8")
    assert [json.loads(line)["type"] for line in done(url, "export").splitlines() if '"via"' in line] == []


def test_an_import_is_undone_but_for_what_was_changed_since(url: str, tmp_path: Path):
    kept = tmp_path / "kept.csv"
    kept.write_text("title,author,isbn,year\nKept,Homer,9780140449136,1990\n", encoding="utf-8")
    done(url, "import", str(kept))
    before = state(url)
    file = tmp_path / "books.csv"
    file.write_text(
        "title,author,isbn,year,tags\nKept,Homer,9780140449136,1991,epic\nNew,Sappho,,1992,lyric\nOther,Sappho,,1993,\n",
        encoding="utf-8",
    )
    ran = invoked(url, "import", str(file))
    run = ran.stderr.split("--undo ")[1].split()[0]
    changed = state(url)

    assert "--undo" not in invoked(url, "import", str(file)).stderr, "nothing was stored"
    assert done(url, "import", "--undo", run) == "6 rows undone: 5 deleted, 1 changed back, 0 restored\n"
    assert state(url) == before
    assert done(url, "history", "undo", changes(url)[-1].request_id or "") == (
        "6 rows undone: 0 deleted, 1 changed back, 5 restored\n"
    )
    assert state(url) == changed
    with opened(url) as engine, engine.begin() as connection:
        connection.execute(update(Book).where(Book.title == "New").values(year=1))
    left = invoked(url, "import", "--undo", run)
    *reasons, error = left.stderr.splitlines()
    assert (left.exit_code, error) == (1, "Error: 3 rows could not be undone")
    assert [f"{reason.split()[0]}{reason[reason.index(':') :]}" for reason in reasons] == [
        "book: year was changed later",
        "tag: other rows refer to it",
        "author: other rows refer to it",
    ]
    assert "no change was made by never" in refused(url, "import", "--undo", "never")
    assert "give a FILE" in refused(url, "import", status=2)
    assert "give a FILE" in refused(url, "import", str(file), "--undo", run, status=2)


def test_security_events_are_shown_redacted_and_trimmed(url: str):
    done(url, "access", "anonymous", "reader")
    done(url, "accounts", "create", "ann", "--role", "editor")
    done(url, "tokens", "create", "ann")

    lines = done(url, "access", "events").splitlines()
    assert [line.split()[2] for line in lines[-3:]] == ["policy_changed", "account_created", "token_created"]
    assert all(" via=cli " in line for line in lines[-3:]), lines
    assert done(url, "access", "events", "--last", "1").splitlines() == lines[-1:]
    assert done(url, "history", "redact", "Ann") == "Redacted 0 changes and 1 security event.\n"
    with opened(url) as engine, engine.connect() as connection:
        rows = connection.scalars(select(SecurityEvent.after).where(SecurityEvent.event == "account_created"))
        assert ["name" in row for row in rows] == [False]
    assert done(url, "access", "trim-events", "--older-than", "1d") == "Deleted 0 events.\n"
    with opened(url) as engine, engine.begin() as connection:
        connection.execute(update(SecurityEvent).values(at=datetime.now(UTC) - timedelta(days=2)))
    assert done(url, "access", "trim-events", "--older-than", "1d") == f"Deleted {len(lines)} events.\n"


def test_what_clients_have_changed_under_the_id_of_an_import_is_not_undone_with_it(url: str, tmp_path: Path):
    file = tmp_path / "books.csv"
    file.write_text("title,author\nIliad,Homer\n", encoding="utf-8")
    run = invoked(url, "import", str(file)).stderr.split("--undo ")[1].split()[0]
    with opened(url) as engine, engine.begin() as connection:
        connection.execute(update(Book).where(Book.title == "Iliad").values(title="Odyssey"))
        connection.execute(update(Change).where(Change.via == "unknown").values(request_id=run, via="token"))

    assert "requests of several senders have the id" in refused(url, "history", "undo", run)
    left = invoked(url, "import", "--undo", run)
    assert (left.exit_code, "title was changed later" in left.stderr) == (1, True)
    assert [each.title for each in _books(url)] == ["Odyssey"]


def test_the_undo_of_an_import_looks_at_each_new_row_once(url: str, tmp_path: Path):
    file = tmp_path / "books.csv"
    file.write_text("title,author,tags\nIliad,Homer,epic\nOdyssey,Homer,epic\n", encoding="utf-8")
    run = invoked(url, "import", str(file)).stderr.split("--undo ")[1].split()[0]
    services: Any = {each.service.spec.model.__tablename__: each.service for each in RESOURCES}
    looked_at: list[int] = []

    with database_of(Settings(database_url=url)) as database:
        undo_request(database, services, run, looked_at.append)

    assert sum(looked_at) == 4  # two books, their author and their tag


def test_a_row_that_was_deleted_and_made_again_is_what_it_was(url: str):
    moments = dict.fromkeys(("created_at", "updated_at"), datetime.now(UTC))
    tag = {"id": uuid7(), "search_text": "", "sort_key": "", **moments}
    with opened(url) as engine, engine.begin() as connection:
        connection.execute(insert(Tag), {**tag, "name": "sea"})
    before = state(url)
    with opened(url) as engine, engine.begin() as connection:
        connection.execute(delete(Tag))
        connection.execute(insert(Tag), {**tag, "name": "ocean"})
        first = connection.scalar(select(func.min(Change.id)))
        connection.execute(update(Change).values(request_id="one", via="token").where(Change.id > first))

    # So is one that an import has made as somebody's job, which is no run of the command.
    assert "1 changed back" in done(url, "import", "--undo", "one")
    assert state(url) == before


def _books(url: str) -> list[Any]:
    with opened(url) as engine, engine.connect() as connection:
        return list(connection.execute(select(Book.title)))
