"""Readiness, asked of both twins without a server."""

from __future__ import annotations

import inspect

import pytest

from core.aio.application import Application as AsyncApplication
from core.http.messages import Request
from core.settings import Settings
from core.sync.application import Application
from tests.support.databases import BACKENDS, Databases


@pytest.mark.parametrize("kind", [AsyncApplication, Application])
@pytest.mark.parametrize("backend", BACKENDS)
async def test_a_database_without_tables_is_not_ready(kind: type, backend: str, databases: Databases):
    application = kind(Settings(database_url=databases.empty(backend)))
    route = next(route for route in application.routes if route.name == "health_ready")
    response = application.handle(route, Request("GET", "", {}, "", {}, b""))
    response = await response if inspect.isawaitable(response) else response
    assert response.status == 503
    assert b"has not been migrated" in response.body
    closed = application.close()
    if inspect.isawaitable(closed):
        await closed
