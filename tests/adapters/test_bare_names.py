"""In a checkout the adapters can be served by the names of their folders too."""

from __future__ import annotations

import sys

import pytest

from tests.support import patient
from tests.support.databases import Databases, run
from tests.support.deployments import ADAPTERS, free_port, server

pytestmark = pytest.mark.long

MIGRATES = {"flask": ["flask", "--app", "flask_app"], "sanic": ["core.cli"]}
SERVES = {
    "flask": ["gunicorn", "-c", "flask_app/gunicorn.conf.py", "flask_app:create_app()"],
    "sanic": ["sanic", "sanic_app:create_app", "--factory", "--port"],
}


@pytest.mark.unsampled
@pytest.mark.parametrize("adapter", ADAPTERS)
def test_an_adapter_is_migrated_and_served_by_its_bare_name(databases: Databases, adapter: str):
    port = str(free_port())
    settings = {"DATABASE_URL": databases.empty("sqlite"), "FLASK_PORT": port}
    python = [sys.executable, "-m"]

    run([*python, *MIGRATES[adapter], "database", "upgrade"], **settings)
    run([*python, *MIGRATES[adapter], "access", "anonymous", "editor"], **settings)
    start = [*python, *SERVES[adapter], *([port] if adapter == "sanic" else [])]
    with server(start, f"http://127.0.0.1:{port}", **settings):
        assert patient.post(f"http://127.0.0.1:{port}/tags", json={"name": "served"}).status_code == 201
