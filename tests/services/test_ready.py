"""Readiness, asked of both twins without a server."""

from __future__ import annotations

import inspect
import json

import pytest

from diptych.core.aio.application import Application as AsyncApplication
from diptych.core.db import schema_version
from diptych.core.http.request_response import Request
from diptych.core.settings import Settings
from diptych.core.sync.application import Application
from tests.support.databases import BACKENDS, Databases
from tests.support.revisions import put_at

NO_TABLES = ""


@pytest.mark.parametrize("kind", [AsyncApplication, Application])
@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(
    ("revision", "told"),
    [
        (NO_TABLES, "The database has not been migrated"),
        (None, "The database has not been migrated"),
        ("0001", f"The database is at revision 0001 and this release needs {schema_version.head()}"),
        (schema_version.head(), None),
        ("9999", None),
    ],
)
async def test_readiness_is_the_revision_and_the_tables(
    kind: type, backend: str, revision: str | None, told: str | None, databases: Databases
):
    url = databases.empty(backend) if revision is NO_TABLES else put_at(databases.migrated(backend), revision)
    application = kind(Settings(database_url=url))
    route = next(route for route in application.routes if route.name == "health_ready")
    response = application.handle(route, Request("GET", "", {}, "", {}, b""))
    response = await response if inspect.isawaitable(response) else response
    if told is None:
        assert response.status == 200
    else:
        assert response.status == 503
        assert json.loads(response.body)["detail"] == f'{told}: run "diptych database upgrade".'
    closed = application.close()
    if inspect.isawaitable(closed):
        await closed
