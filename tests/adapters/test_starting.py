"""A service does not start on an outdated database; it does on a newer one, or an unreachable one."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx
import pytest

from diptych.core.db import schema_version
from tests.support import patient
from tests.support.databases import BACKENDS, ROOT, Databases, environment, run
from tests.support.deployments import ADAPTERS, command, deployment, free_port, stop
from tests.support.hosts import HOSTS
from tests.support.revisions import put_at
from tests.support.waiting import until

pytestmark = pytest.mark.long

PORT = str(free_port())
PYTHON = [sys.executable, "-m"]
STARTS = {
    "gunicorn": command("flask", int(PORT)),
    "gunicorn, loaded before it forks": [*command("flask", int(PORT)), "--preload"],
    "sanic": [*command("sanic", int(PORT)), "--workers", "2"],
    "sanic in one process": [*command("sanic", int(PORT)), "--single-process"],
}
BEHIND = (
    f"diptych: The database is at revision 0001 and this release needs {schema_version.head()}: "
    'run "diptych database upgrade".'
)
NOT_MIGRATED = 'diptych: The database has not been migrated: run "diptych database upgrade".'

both = pytest.mark.parametrize("backend", BACKENDS)


def lines(text: str) -> list[str]:
    """Return the lines that are not gunicorn's own log."""
    return [line for line in text.splitlines() if '"logger":"gunicorn.error"' not in line]


@pytest.mark.parametrize("start", STARTS)
@both
def test_a_service_whose_database_is_behind_does_not_start_and_says_what_to_do(
    databases: Databases, backend: str, start: str
):
    url = put_at(databases.migrated(backend), "0001")

    done = run(STARTS[start], check=False, DATABASE_URL=url, FLASK_PORT=PORT, DIPTYCH_WORKERS="4")

    assert (done.returncode, done.stdout, lines(done.stderr)) == (3, "", [BEHIND])


@pytest.mark.unsampled
@pytest.mark.parametrize("adapter", ADAPTERS)
@both
def test_a_service_whose_database_has_no_revision_does_not_start(databases: Databases, backend: str, adapter: str):
    for url in (databases.empty(backend), put_at(databases.migrated(backend), None)):
        done = run(command(adapter, int(PORT)), check=False, DATABASE_URL=url, FLASK_PORT=PORT)

        assert (done.returncode, done.stdout) == (3, "")
        (line,) = lines(done.stderr)
        assert line in (
            NOT_MIGRATED,
            f'diptych: There is no database {url.removeprefix("sqlite:///")}: run "diptych database upgrade".',
        )


@pytest.mark.parametrize("adapter", ADAPTERS)
@pytest.mark.parametrize("query", ["", "?timeout=3"])
def test_to_look_does_not_make_a_file(tmp_path: Path, adapter: str, query: str):
    run(command(adapter, int(PORT)), check=False, DATABASE_URL=f"sqlite:///{tmp_path}/x.db{query}", FLASK_PORT=PORT)

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("adapter", ADAPTERS)
@both
def test_a_service_whose_database_a_newer_release_has_migrated_starts(databases: Databases, backend: str, adapter: str):
    with deployment(adapter, put_at(databases.migrated(backend), "9999"), manager=True) as url:
        assert patient.get(f"{url}/books").status_code == 200


@pytest.mark.unsampled
@pytest.mark.parametrize("adapter", ADAPTERS)
def test_a_service_whose_database_is_away_starts_and_answers_503(adapter: str):
    port = free_port()
    settings = environment(DATABASE_URL=f"postgresql://u@127.0.0.1:{free_port()}/x", FLASK_PORT=str(port))
    with tempfile.TemporaryFile("w+") as log:
        process = subprocess.Popen(
            command(adapter, port), cwd=ROOT, env=settings, stdout=log, stderr=log, start_new_session=True
        )
        try:
            ready = answered(f"http://127.0.0.1:{port}/health/ready")
            assert (ready.status_code, ready.json()["detail"]) == (503, "The database cannot be reached.")
        finally:
            time.sleep(0.5)  # Sanic's manager may never end when it is stopped sooner
            stop(process, log)


def answered(url: str) -> httpx.Response:
    """Return the first response of a starting server."""

    def first() -> list[httpx.Response]:
        try:
            return [patient.get(url)]
        except httpx.TransportError:
            return []

    return until(first)[0]


@both
def test_a_database_that_falls_behind_a_running_service_is_reported_alike_by_both(databases: Databases, backend: str):
    database = databases.migrated(backend)
    answers = []
    for adapter in ADAPTERS:
        put_at(database, schema_version.head())
        # With one worker: another could start only then, and refuse.
        with tempfile.TemporaryFile("w+") as log, deployment(adapter, database, log=log, DIPTYCH_WORKERS="1") as url:
            put_at(database, "0001")
            answers.append(patient.get(f"{url}/health/ready"))
            log.seek(0)
            assert json.dumps(BEHIND.removeprefix("diptych: ")) in log.read()

    one, other = answers
    assert one.status_code == 503
    assert one.json()["detail"] == BEHIND.removeprefix("diptych: ")
    assert one.content == other.content


@pytest.mark.unsampled
def test_what_does_not_serve_needs_no_migrated_database(databases: Databases):
    url = databases.empty("sqlite")
    for arguments in (["routes"], ["database", "upgrade", "--no-prompt"]):
        run([*PYTHON, "flask", "--app", "diptych.flask_app", *arguments], DATABASE_URL=url)
    for module in ("diptych.flask_app", "diptych.sanic_app"):
        run([sys.executable, "-c", f"import {module}; {module}.create_app()"], DATABASE_URL=databases.empty("sqlite"))


@pytest.mark.unsampled
@pytest.mark.parametrize("adapter", ADAPTERS)
def test_another_application_starts_and_the_catalogue_in_it_says_what_is_wrong(
    databases: Databases, tmp_path: Path, adapter: str
):
    (tmp_path / f"{adapter}_host.py").write_bytes((HOSTS / f"{adapter}_host.py").read_bytes())
    port = free_port()
    address = ["--bind", f"127.0.0.1:{port}", "--no-control-socket"] if adapter == "flask" else ["--port", str(port)]
    server = "gunicorn" if adapter == "flask" else "sanic"
    with tempfile.TemporaryFile("w+") as log:
        process = subprocess.Popen(
            [*PYTHON, server, *address, f"{adapter}_host:app"], cwd=tmp_path, stdout=log, stderr=log,
            env=environment(DATABASE_URL=databases.empty("sqlite"), PYTHONPATH=str(ROOT)), start_new_session=True,
        )  # fmt: skip
        try:
            assert answered(f"http://127.0.0.1:{port}/hello").text == "the host's own page"
            ready = patient.get(f"http://127.0.0.1:{port}/api/v1/health/ready")
            assert (ready.status_code, ready.json()["detail"]) == (503, NOT_MIGRATED.removeprefix("diptych: "))
            log.seek(0)
            assert NOT_MIGRATED.removeprefix("diptych: ") in log.read().replace('\\"', '"')
        finally:
            time.sleep(0.5)  # as above
            stop(process, log)


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_a_service_that_cannot_write_its_files_starts_and_says_so_once(
    databases: Databases, adapter: str, tmp_path: Path
):
    (tmp_path / "file").touch()
    with (tmp_path / "log").open("w+") as log:
        settings = {"DIPTYCH_FILES": str(tmp_path / "file/files"), "DIPTYCH_WORKERS": "2"}
        with deployment(adapter, databases.migrated("sqlite"), manager=True, log=log, **settings) as url:
            assert patient.get(f"{url}/health/ready").status_code == 200
        log.seek(0)
        assert log.read().count(f"cannot write in {tmp_path}/file") == 1
