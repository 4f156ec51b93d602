"""What anonymous clients may do: one policy for both adapters on a database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import httpx
import pytest

from diptych.core.aio.operations import OPERATIONS
from diptych.core.http.operations import Operation, parameters_of
from tests.support import patient
from tests.support.commands import done
from tests.support.databases import BACKENDS, Databases
from tests.support.deployments import ADAPTERS, deployment
from tests.support.waiting import until

pytestmark = pytest.mark.long

HERE = [pytest.param(each, marks=pytest.mark.unsampled if each == "sqlite" else ()) for each in BACKENDS]


@pytest.fixture(scope="module", params=HERE)
def clients(request: pytest.FixtureRequest, databases: Databases) -> Iterator[tuple[str, list[httpx.Client]]]:
    """Yield a new database, migrated as an operator does, and a client of each adapter on it."""
    database = databases.empty(request.param)
    done(database, "database", "upgrade")
    with ExitStack() as stack:
        urls = [stack.enter_context(deployment(adapter, database)) for adapter in ADAPTERS]
        yield database, [stack.enter_context(patient.Client(base_url=url)) for url in urls]


def status(client: httpx.Client, operation: Operation) -> int:
    parameters = dict.fromkeys(parameters_of(operation.path), "01a1fbd7-55dd-7561-861e-8d0bba31278f")
    return client.request(operation.method, operation.path.format(**parameters)).status_code


def allowed(client: httpx.Client) -> set[str | None]:
    """Return the permissions for which no operation that needs it is refused with 401."""
    answers = {operation.name: status(client, operation) for operation in OPERATIONS}
    assert 500 not in answers.values()
    assert 403 not in answers.values()
    refused = {operation.needed for operation in OPERATIONS if answers[operation.name] == 401}
    permitted = {operation.needed for operation in OPERATIONS if answers[operation.name] != 401}
    return permitted - refused


def test_a_new_catalogue_is_read_by_everybody_and_written_by_nobody_without_an_account(
    clients: tuple[str, list[httpx.Client]],
):
    database, both = clients
    assert done(database, "access", "anonymous") == "anonymous: reader (catalogue:read, metrics:read)\n"

    for client in both:
        assert allowed(client) == {None, "catalogue:read", "metrics:read"}


def test_the_command_changes_what_anonymous_clients_may_do_at_both_within_seconds(
    clients: tuple[str, list[httpx.Client]],
):
    database, both = clients
    expected = {
        "none": {None},
        "editor": {None, "catalogue:read", "catalogue:write", "metrics:read"},
        "reader": {None, "catalogue:read", "metrics:read"},
    }
    for role, permissions in expected.items():
        assert f"anonymous: {role} (" in done(database, "access", "anonymous", role)
        for client in both:
            until(lambda client=client, permissions=permissions: allowed(client) == permissions)  # type: ignore[misc]


def test_a_token_works_at_both_adapters(clients: tuple[str, list[httpx.Client]]):
    database, both = clients
    done(database, "accounts", "create", "tove", "--role", "editor")
    token = done(database, "tokens", "create", "tove").strip()

    for number, client in enumerate(both):
        headers = {"Authorization": f"Bearer {token}"}
        assert client.post("/tags", json={"name": f"tag {number}"}, headers=headers).status_code == 201
