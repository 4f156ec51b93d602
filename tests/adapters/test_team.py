"""What an application that mounts the catalogue does to its requests: its principal, its session, its guard."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import httpx
import pytest

from tests.contract.making import LIMIT
from tests.support import patient
from tests.support.databases import Databases
from tests.support.deployments import ADAPTERS
from tests.support.hosts import mounted


@pytest.fixture(scope="module")
def teams(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Yield, by adapter, the address of a team's application."""
    with mounted(databases.migrated("sqlite"), tmp_path_factory.mktemp("teams"), LIMIT, kind="team") as urls:
        yield urls


@pytest.fixture(params=ADAPTERS)
def team(request: pytest.FixtureRequest, teams: dict[str, str]) -> Iterator[httpx.Client]:
    with patient.Client(base_url=teams[request.param]) as client:
        yield client


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/tags", 200), ("GET", "/tags/nobody", 404), ("PUT", "/tags", 405), ("OPTIONS", "/tags", 204)],
)
def test_the_principal_of_the_host_is_reachable_during_and_after_a_request_of_the_catalogue(
    team: httpx.Client, method: str, path: str, status: int
):
    answered = team.request(method, f"/api/v1{path}", headers={"X-User": "ada"})

    assert (answered.status_code, answered.headers["X-Principal"]) == (status, "ada")


def test_the_session_of_the_host_goes_on_through_requests_of_the_catalogue(team: httpx.Client):
    visits = [team.get("/api/v1/tags").headers["X-Visits"] for _ in range(3)]

    assert visits == ["1", "2", "3"]


def test_whom_the_host_turns_away_does_not_reach_the_catalogue(team: httpx.Client):
    name = uuid.uuid4().hex

    refused = team.post("/staff/tags", json={"name": name})

    assert refused.status_code == 401
    # The answer is the host's: the catalogue has neither answered nor counted it.
    assert "X-Request-ID" not in refused.headers
    assert team.get("/api/v1/tags", params={"searchString": name}).json()["items"] == []
    assert 'status="401"' not in team.get("/api/v1/metrics").text
    # Nor does it learn which rows and methods there are.
    for method, path in (("GET", "/staff/tags/nobody"), ("OPTIONS", "/staff/tags"), ("PUT", "/staff/tags")):
        assert team.request(method, path).status_code == 401

    assert team.post("/staff/tags", json={"name": name}, headers={"X-User": "ada"}).status_code == 201
    assert team.get("/api/v1/tags", params={"searchString": name}).json()["total"] == 1


def test_a_method_that_the_catalogue_does_not_know_is_answered_by_the_host(team: httpx.Client):
    answered = team.request("PROPFIND", "/api/v1/tags")

    assert answered.status_code == 405
    assert answered.headers.get("Content-Type") != "application/problem+json"
