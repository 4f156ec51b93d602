"""What a server imports before it can serve, what it keeps in memory, and what a host adds to it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.support import patient
from tests.support.databases import Databases, run
from tests.support.deployments import ADAPTERS, command, free_port, server

OF_COMMANDS = {
    "alembic",
    "mako",
    "diptych.core.legacy_import",
    "diptych.core.cli.common",
    "diptych.core.import_export.import_job",
    "diptych.core.import_export.file_reader",
}


@contextmanager
def added_to(adapter: str, database_url: str, *, manager: bool = False) -> Iterator[httpx.Client]:
    """Yield a client of the service with the additions of tests.adapters.hosts.kept. manager: as `command`."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    ours, theirs = f"diptych.{adapter}_app:create_app", f"tests.adapters.hosts.kept:{adapter}"
    started = [part.replace(ours, theirs) for part in command(adapter, port, manager=manager)]
    with server(started, url, DATABASE_URL=database_url, FLASK_PORT=str(port)), patient.Client(base_url=url) as client:
        yield client


@pytest.mark.long
@pytest.mark.parametrize("adapter", ADAPTERS)
def test_a_server_loads_nothing_that_only_commands_need(adapter: str, tmp_path: Path):
    code = f"import sys, diptych.{adapter}_app; diptych.{adapter}_app.create_app(); print(*sys.modules)"
    loaded = run([sys.executable, "-c", code], DATABASE_URL=f"sqlite:///{tmp_path}/none.db").stdout.split()
    assert f"diptych.{adapter}_app" in loaded
    assert not OF_COMMANDS.intersection(loaded)


@pytest.mark.long
@pytest.mark.parametrize("adapter", ADAPTERS)
def test_what_a_worker_has_loaded_is_not_looked_through_for_garbage(adapter: str, databases: Databases):
    with added_to(adapter, databases.migrated("sqlite"), manager=True) as client:
        assert int(client.get("/kept").text) > 50_000


@pytest.mark.unsampled
@pytest.mark.long
def test_pages_that_others_add_to_the_service_are_sent_as_sanic_sends_them(databases: Databases):
    with added_to("sanic", databases.migrated("sqlite")) as client:
        assert client.head("/file").headers["Content-Length"] == "7"
        odd = client.get("/odd")
        assert (odd.text, odd.headers.get("X-More")) == ("here", None)
        assert odd.headers["X-Name"].startswith("\u9280")
        empty = client.get("/empty")
        assert (empty.status_code, "Content-Length" in empty.headers) == (204, False)
        assert client.get("/health/live").status_code == 200


@pytest.mark.unsampled
@pytest.mark.long
def test_pages_that_would_end_the_server_are_answered_and_it_goes_on(databases: Databases):
    with added_to("flask", databases.migrated("sqlite")) as client:
        # More than there are threads.
        assert {client.get("/exit").status_code for _ in range(20)} == {500}
        assert client.get("/health/live").status_code == 200


@pytest.mark.long
@pytest.mark.parametrize("adapter", ADAPTERS)
def test_hooks_that_others_add_to_the_service_have_their_say_in_its_answers(adapter: str, databases: Databases):
    with added_to(adapter, databases.migrated("sqlite")) as client:
        for method, path, headers in (
            ("GET", "/authors", {}),
            ("HEAD", "/authors", {}),
            ("GET", "/authors", {"If-None-Match": "*"}),
            ("OPTIONS", "/authors", {}),
            ("GET", "/nothing/here", {}),
        ):
            plain = client.request(method, path, headers=headers)
            marked = client.request(method, path, headers={**headers, "X-Marked": "1"})
            assert (marked.status_code, marked.content) == (plain.status_code, plain.content)
            own = {"date": "", "x-request-id": ""}
            assert {**marked.headers, **own} == {
                **plain.headers, **own, "x-host": "here", "referrer-policy": "same-origin"
            }  # fmt: skip
