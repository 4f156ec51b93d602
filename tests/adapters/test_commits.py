"""Both adapters respond alike to a failed commit, and leave nothing behind."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import httpx
import psycopg
import pytest

from tests.support import patient
from tests.support.databases import Databases
from tests.support.deployments import ADAPTERS, deployment


class Failure(NamedTuple):
    """How the database fails to commit a tag of some name, and the expected response."""

    statement: str
    status: int
    detail: str
    tries: int = 1


FAILURES = {
    "unique": Failure("RAISE unique_violation", 409, "Something with this value exists already."),
    "reference": Failure(
        "RAISE foreign_key_violation", 409, "Another row depends on this, or a row it refers to is gone."
    ),
    "check": Failure("RAISE check_violation", 422, "The database has a rule against this."),
    "serialization": Failure(
        "RAISE serialization_failure", 503, "Other writers were busy with the same rows.", tries=5
    ),
    "deadlock": Failure("RAISE deadlock_detected", 503, "Other writers were busy with the same rows.", tries=5),
    "disk": Failure("RAISE disk_full", 503, "The database cannot serve this now."),
    "connection": Failure(
        "PERFORM pg_terminate_backend(pg_backend_pid())", 503, "The connection to the database was lost."
    ),
    "nobody knows": Failure(
        "RAISE EXCEPTION 'of %', NEW.name", 500, "Something unexpected happened here. It has been logged."
    ),
}

RECOVERING = "recovering"
"""The tag whose commit fails twice, and then succeeds."""


@pytest.fixture(scope="module", params=ADAPTERS)
def served(request: pytest.FixtureRequest, databases: Databases) -> Iterator[tuple[httpx.Client, str]]:
    """Yield a client of an adapter, and the URL of its database, where a sequence counts the attempts to commit."""
    url = databases.migrated("postgresql")
    cases = "".join(f"WHEN '{name}' THEN {failure.statement}; " for name, failure in FAILURES.items())
    with psycopg.connect(url) as connection:
        connection.execute("CREATE SEQUENCE tries")
        connection.execute(
            f"""CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$
            DECLARE try bigint := nextval('tries');
            BEGIN
                CASE NEW.name
                    {cases}
                    WHEN '{RECOVERING}' THEN IF try < 3 THEN RAISE serialization_failure; END IF;
                    ELSE NULL;
                END CASE;
                RETURN NULL;
            END $$""".encode()
        )
        connection.execute(
            "CREATE CONSTRAINT TRIGGER fail AFTER INSERT ON tag DEFERRABLE INITIALLY DEFERRED "
            "FOR EACH ROW EXECUTE FUNCTION fail()"
        )
    with deployment(request.param, url) as address, patient.Client(base_url=address) as client:
        yield client, url


def tries(url: str) -> int:
    """Return how often a commit was tried since the last call."""
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM tries").fetchone()
        connection.execute("ALTER SEQUENCE tries RESTART")
    assert row
    return int(row[0])


@pytest.mark.parametrize("name", FAILURES)
def test_a_commit_that_fails_is_reported_and_leaves_nothing(served: tuple[httpx.Client, str], name: str):
    client, url = served
    failure = FAILURES[name]

    response = client.post("/tags", json={"name": name})

    assert (response.status_code, response.json()["detail"]) == (failure.status, failure.detail)
    assert ("Retry-After" in response.headers) == (failure.status == 503)
    assert tries(url) == failure.tries
    assert client.get("/tags", params={"nameIn": name}).json()["items"] == []
    assert client.post("/tags", json={"name": f"after {name}"}).status_code == 201
    assert tries(url) == 1


def test_a_commit_that_fails_twice_for_others_sake_succeeds_the_third_time(served: tuple[httpx.Client, str]):
    client, url = served

    response = client.post("/tags", json={"name": RECOVERING})

    assert response.status_code == 201
    assert tries(url) == 3
    assert client.get(response.headers["Location"]).json() == response.json()


def test_a_rule_of_the_database_refuses_every_way_of_writing_alike(served: tuple[httpx.Client, str]):
    client, url = served
    with psycopg.connect(url) as connection:
        connection.execute("ALTER TABLE tag ADD CHECK (name <> 'ruled out')")
    item = {"name": "ruled out"}
    answers = [
        client.post("/tags", json=item),
        client.post("/tags/batch", json={"items": [item]}),
        client.put("/tags/batch", json={"items": [item]}),
    ]
    assert [answer.status_code for answer in answers] == [422] * 3
