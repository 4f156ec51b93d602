"""Warnings of PostgreSQL at a commit; tests/faults/test_replication.py has the standby that does not confirm."""

from __future__ import annotations

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from diptych.core.database import sync_config
from diptych.core.db.error_translation import UNCONFIRMED, translate
from diptych.core.errors import ServiceUnavailable
from diptych.core.settings import Settings
from tests.support import patient
from tests.support.databases import Databases
from tests.support.deployments import ADAPTERS, deployment

WARNS = "ANALYZE pg_catalog.pg_authid"
"""Warns a user who may not do that, with SQLSTATE 01000 and no context, as a commit that was not confirmed does."""


@pytest.fixture
def url(databases: Databases) -> str:
    return databases.migrated("postgresql")


def test_a_statement_that_commits_by_itself_with_a_warning_is_an_unknown_outcome(url: str):
    engine = sync_config(Settings(database_url=url)).get_engine()
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("SET ROLE pg_monitor"))
        with pytest.raises(OperationalError) as caught:
            connection.execute(text(WARNS))
        error = translate(caught.value)
        assert (type(error), str(error)) == (ServiceUnavailable, UNCONFIRMED)
        assert connection.execute(text("SELECT 1")).scalar() == 1
    engine.dispose()


def test_a_warning_before_the_commit_is_none_of_the_commit(url: str):
    engine = sync_config(Settings(database_url=url)).get_engine()
    with engine.connect() as connection:
        connection.execute(text("SET LOCAL ROLE pg_monitor"))
        connection.execute(text(WARNS))
        connection.commit()
        connection.execute(text("SET LOCAL ROLE pg_monitor"))
        connection.connection.cursor().execute(WARNS)
        connection.commit()
    engine.dispose()


@pytest.mark.long
@pytest.mark.parametrize("adapter", ADAPTERS)
@pytest.mark.parametrize("when", ["", "DEFERRABLE INITIALLY DEFERRED"])
def test_a_trigger_may_warn(url: str, adapter: str, when: str):
    with psycopg.connect(url) as connection:
        connection.execute(
            "CREATE FUNCTION warn() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN RAISE WARNING 'odd'; RETURN NEW; END $$"
        )
        kind = "CONSTRAINT TRIGGER" if when else "TRIGGER"
        connection.execute(
            f"CREATE {kind} warn AFTER INSERT ON tag {when} FOR EACH ROW EXECUTE FUNCTION warn()".encode()
        )
    with deployment(adapter, url) as address, patient.Client(base_url=address) as client:
        assert client.post("/tags", json={"name": "war"}).status_code == 201
        assert client.post("/tags", json={"name": "peace"}, headers={"Idempotency-Key": "k"}).status_code == 201
        assert client.post("/tags/batch", json={"items": [{"name": "love"}]}).status_code == 201
