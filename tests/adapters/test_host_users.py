"""A host application says who its users are: create_blueprint(..., principal=...)."""

from __future__ import annotations

import shutil
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.support import patient
from tests.support.commands import done
from tests.support.databases import BACKENDS, ROOT, Databases
from tests.support.deployments import free_port, server
from tests.support.hosts import HOSTS

COMMANDS = {
    "flask_login_host": ["gunicorn", "--bind", "127.0.0.1:{port}", "flask_login_host:app"],
    "flask_security_host": ["gunicorn", "--bind", "127.0.0.1:{port}", "flask_security_host:app"],
    "sanic_login_host": [
        "sanic",
        "--single-process",
        "--host",
        "127.0.0.1",
        "--port",
        "{port}",
        "sanic_login_host:app",
    ],
}


@pytest.fixture(scope="module", params=COMMANDS)
def host(
    request: pytest.FixtureRequest, databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, str]]:
    """Yield the URL of a host, and of its catalogue's database, which anonymous clients may only read."""
    directory: Path = tmp_path_factory.mktemp("host")
    shutil.copy2(HOSTS / f"{request.param}.py", directory)
    database = databases.migrated(BACKENDS[len(request.param) % 2])
    done(database, "access", "anonymous", "reader")
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", *(each.format(port=port) for each in COMMANDS[request.param])]
    settings = {"DATABASE_URL": database, "PYTHONPATH": str(ROOT)}
    with server(command, f"{url}/api/v1", cwd=directory, **settings):
        yield url, database


@pytest.fixture
def client(host: tuple[str, str]) -> Iterator[httpx.Client]:
    with patient.Client(base_url=host[0]) as client:
        yield client


def status_of_a_write(client: httpx.Client, **headers: str) -> int:
    return client.post("/api/v1/tags", json={"name": uuid.uuid4().hex}, headers=headers).status_code


@pytest.mark.long
def test_a_user_of_the_host_does_what_the_role_allows(client: httpx.Client):
    assert status_of_a_write(client) == 401

    assert client.post("/login/bob").status_code == 200
    assert status_of_a_write(client) == 403
    client.post("/login/ann")
    assert status_of_a_write(client) == 201
    me = client.get("/api/v1/me").json()
    assert (me["name"], me["role"], me["token_id"]) == ("ann", "editor", None)
    assert client.get("/api/v1/me").json() == me


@pytest.mark.long
def test_a_page_of_another_site_writes_nothing_in_a_users_name(client: httpx.Client):
    client.post("/login/ann")
    origin = str(client.base_url).removesuffix("/")

    for foreign in (
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
    ):
        refused = client.post("/api/v1/tags", json={"name": uuid.uuid4().hex}, headers=foreign)
        assert (refused.status_code, refused.json()["title"]) == (403, "Cross-site request")
        assert client.get("/api/v1/tags", headers=foreign).status_code == 200
    for own in ({"Sec-Fetch-Site": "same-origin", "Origin": "https://behind.proxy.example"}, {"Origin": origin}):
        assert status_of_a_write(client, **own) == 201


@pytest.mark.long
def test_a_token_counts_where_nobody_is_logged_in(client: httpx.Client, host: tuple[str, str]):
    name = f"service-{uuid.uuid4().hex}"
    done(host[1], "accounts", "create", name, "--role", "editor")
    token = done(host[1], "tokens", "create", name).strip()

    assert status_of_a_write(client, Authorization=f"Bearer {token}") == 201
    client.post("/login/bob")
    assert status_of_a_write(client, Authorization=f"Bearer {token}") == 403
