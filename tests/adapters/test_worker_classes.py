"""The shipped configuration of gunicorn with another worker class: it serves with one line of warning, or refuses."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path

import pytest

from diptych.core.access.policy import OPEN
from tests.support import patient
from tests.support.databases import Databases, run
from tests.support.deployments import command, free_port, server

pytestmark = pytest.mark.long


@pytest.mark.parametrize(("name", "threads"), [("sync", "1"), ("sync", "4"), ("gthread", "4")])
def test_gunicorns_own_threads_serve_and_what_they_do_not_keep_is_one_line(
    databases: Databases, name: str, threads: str
):
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    settings = {
        "DATABASE_URL": databases.migrated("sqlite"), "FLASK_PORT": str(port), "DIPTYCH_THREADS": threads,
        "DIPTYCH_HOSTS": "",
    }  # fmt: skip
    options = ["--worker-class", name, "--bind", f"0.0.0.0:{port}"]
    with tempfile.TemporaryFile("w+") as log, server([*command("flask", port), *options], url, log=log, **settings):
        made = patient.post(f"{url}/tags", json={"name": "served"})
        assert (made.status_code, patient.get(url + made.headers["Location"]).json()) == (201, made.json())
        # Their readers are gunicorn's; the catalogue's own rules still refuse what they let through.
        assert patient.get(f"{url}/tags", headers=[("Host", "two words")]).status_code == 400
        warnings = [each["message"] for each in _lines(log) if each["level"] == "warning" and each["message"] != OPEN]

    (told,) = warnings
    assert told.startswith(f"gunicorn's worker class {'sync' if threads == '1' else 'gthread'} keeps less than")
    assert "DIPTYCH_HOSTS is not checked" in told


def _lines(log: tempfile._TemporaryFileWrapper[str]) -> list[dict[str, str]]:  # type: ignore[name-defined]
    return [json.loads(line) for line in os.pread(log.fileno(), 1 << 20, 0).decode().splitlines()]


GREENLETS = """
from gunicorn.workers.base import Worker

class GreenletWorker(Worker):
    def run(self):
        raise AssertionError("it was started")
"""


@pytest.mark.parametrize("name", ["asgi", "greenlets.GreenletWorker"])
def test_any_other_class_is_refused_with_one_line(databases: Databases, tmp_path: Path, name: str):
    (tmp_path / "greenlets.py").write_text(GREENLETS, encoding="utf-8")
    port = free_port()
    start = [*command("flask", port), "--worker-class", name]

    done = run(
        start, check=False, DATABASE_URL=databases.migrated("sqlite"), FLASK_PORT=str(port), PYTHONPATH=str(tmp_path)
    )

    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    (line,) = [line for line in done.stderr.splitlines() if not line.startswith("{")]
    assert line == (
        f"diptych: gunicorn's worker class {name} is not served: the service needs threads, and WSGI. "
        "Leave out -k, or choose gthread or sync"
    )


def test_a_class_derived_from_ours_serves_without_a_word(databases: Databases, tmp_path: Path):
    (tmp_path / "derived.py").write_text(
        "from diptych.flask_app.server.worker import Worker\n\nclass Derived(Worker):\n    pass\n", encoding="utf-8"
    )
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    settings = {"DATABASE_URL": databases.migrated("sqlite"), "FLASK_PORT": str(port), "PYTHONPATH": str(tmp_path)}
    start = [*command("flask", port), "-k", "derived.Derived"]
    with tempfile.TemporaryFile("w+") as log, server(start, url, log=log, **settings):
        assert [each["message"] for each in _lines(log) if each["level"] != "info"] == [OPEN]
