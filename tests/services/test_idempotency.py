"""Idempotency keys in the database: how long they are kept, when they are deleted, and what failed work leaves."""

from __future__ import annotations

import json
import threading
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from sqlalchemy import func, insert, select, update

from diptych.core.engine.entity import now
from diptych.core.idempotency.model import IdempotencyKey
from diptych.core.idempotency.rules import LIFETIME
from diptych.core.idempotency.statements import SWEPT
from tests.services.api import Api, key_of
from tests.services.twins import TWINS, Services, Twin
from tests.support.databases import LOCK_QUEUE, Databases
from tests.support.waiting import until

postgresql_only = pytest.mark.parametrize("backend", ["postgresql"])


async def keys(api: Api) -> list[str]:
    """Return all keys, the oldest first."""

    async def work(services: Services) -> list[str]:
        statement = select(IdempotencyKey.key).order_by(IdempotencyKey.created_at)
        return [key for (key,) in await services.session.all(statement, {})]

    found: list[str] = await api.twin.read(work)
    return found


async def aged(api: Api, by: timedelta) -> None:
    """Make every key older."""

    async def work(services: Services) -> None:
        moment = (await services.session.execute(select(func.min(IdempotencyKey.created_at)))).scalar_one()
        await services.session.execute(update(IdempotencyKey).values(created_at=moment - by))

    await api.twin.write(work)


async def kept(api: Api, *names: str, age: timedelta) -> None:
    """Create keys of that age, the first the oldest."""
    rows = [
        {"key": name, "fingerprint": b"", "created_at": now() - age + timedelta(milliseconds=place)}
        for place, name in enumerate(names)
    ]

    async def work(services: Services) -> None:
        await services.session.execute(insert(IdempotencyKey), rows)

    await api.twin.write(work)


async def made(api: Api, key: str, name: str = "Homer") -> Any:
    response, _ = await api.call("authors_create", {"name": name}, key=key)
    assert response.status == 201, response.body
    return json.loads(response.body)


async def test_an_answer_is_kept_for_a_day_and_no_longer(api: Api):
    first = await made(api, "k")

    await aged(api, LIFETIME - timedelta(minutes=1))
    assert await made(api, "k") == first

    await aged(api, timedelta(minutes=1))
    second = await made(api, "k")
    assert second["id"] != first["id"]
    assert await made(api, "k") == second


async def test_a_key_that_has_expired_may_come_with_another_request(api: Api):
    await made(api, "k")
    await aged(api, LIFETIME)

    second = await made(api, "k", "Virgil")

    assert await made(api, "k", "Virgil") == second
    response, _ = await api.call("authors_create", {"name": "Homer"}, key="k")
    assert (response.status, json.loads(response.body)["type"]) == (422, "/problems/key-reused")


async def test_a_new_key_sweeps_some_that_have_expired_the_oldest_first(api: Api):
    old = [f"old {number}" for number in range(SWEPT + 3)]
    await kept(api, *old, age=LIFETIME + timedelta(hours=1))
    await kept(api, "fresh", age=LIFETIME - timedelta(minutes=1))

    await made(api, "a")
    assert await keys(api) == [*old[SWEPT:], "fresh", key_of("a").name]
    await made(api, "a")
    assert await keys(api) == [*old[SWEPT:], "fresh", key_of("a").name]
    await made(api, "b")
    assert await keys(api) == ["fresh", key_of("a").name, key_of("b").name]


@postgresql_only
async def test_concurrent_sweeps_do_not_wait_for_each_other(api: Api):
    await kept(api, "one", "two", "three", age=LIFETIME + timedelta(hours=1))

    with psycopg.connect(api.twin.url) as other:
        other.execute("DELETE FROM idempotency_key WHERE key = 'two'")
        other.execute("SET LOCAL idle_in_transaction_session_timeout = '5s'")
        await made(api, "a")
        assert await keys(api) == ["two", key_of("a").name]


async def test_work_that_fails_leaves_no_key(api: Api):
    await api.made("tags_create", {"name": "war"})

    response, counts = await api.call("tags_create", {"name": "war"}, key="k")

    assert (response.status, counts.commits, await keys(api)) == (409, 0, [])


@pytest.fixture(params=TWINS)
async def strict(request: pytest.FixtureRequest, databases: Databases) -> AsyncIterator[Api]:
    """Yield an API on a PostgreSQL database that refuses authors called Nemo, but only when the transaction commits."""
    twin = Twin(request.param, databases.migrated("postgresql"))
    with psycopg.connect(twin.url) as connection:
        connection.execute("CREATE TABLE allowed (name text PRIMARY KEY)")
        connection.execute("ALTER TABLE author ADD FOREIGN KEY (name) REFERENCES allowed DEFERRABLE INITIALLY DEFERRED")
    api = Api(twin)
    yield api
    await api.close()
    await twin.close()


async def test_a_commit_that_fails_leaves_no_key(strict: Api):
    response, _ = await strict.call("authors_create", {"name": "Nemo"}, key="k")
    assert (response.status, await keys(strict)) == (409, [])

    with psycopg.connect(strict.twin.url) as connection:
        connection.execute("INSERT INTO allowed VALUES ('Nemo')")
    assert await made(strict, "k", "Nemo") == await made(strict, "k", "Nemo")


@postgresql_only
async def test_work_that_loses_a_race_runs_again_with_its_key(api: Api):
    with psycopg.connect(api.twin.url) as other:
        other.execute(
            "CREATE FUNCTION lose() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
            " IF nextval('losses') < 3 THEN RAISE serialization_failure; END IF; RETURN NEW; END $$"
        )
        other.execute("CREATE SEQUENCE losses")
        other.execute("CREATE TRIGGER lose AFTER INSERT ON author FOR EACH ROW EXECUTE FUNCTION lose()")
    try:
        first = await made(api, "k")
        assert await made(api, "k") == first
        assert await keys(api) == [key_of("k").name]
    finally:
        with psycopg.connect(api.twin.url) as other:
            other.execute("DROP FUNCTION lose CASCADE")
            assert other.execute("SELECT last_value FROM losses").fetchone() == (3,)
            other.execute("DROP SEQUENCE losses")


@postgresql_only
async def test_while_a_key_is_in_use_no_request_waits_for_its_answer(api: Api):
    with psycopg.connect(api.twin.url) as other:
        other.execute("SELECT pg_advisory_xact_lock(%s)", [key_of("k").lock])
        response, counts = await api.call("authors_create", {"name": "Homer"}, key="k")

        assert (response.status, json.loads(response.body)["type"]) == (409, "/problems/key-in-use")
        assert response.headers["Retry-After"] == "1"
        assert (counts.commits, await keys(api)) == (0, [])
        await made(api, "another")

    first = await made(api, "k")

    # A repeated request with a stored response needs no lock.
    with psycopg.connect(api.twin.url) as other:
        other.execute("SELECT pg_advisory_xact_lock(%s)", [key_of("k").lock])
        assert await made(api, "k") == first

        # An expired key is in use again.
        await aged(api, LIFETIME)
        response, _ = await api.call("authors_create", {"name": "Virgil"}, key="k")
        assert (response.status, json.loads(response.body)["type"]) == (409, "/problems/key-in-use")


@pytest.fixture(params=TWINS)
async def slow(request: pytest.FixtureRequest, databases: Databases) -> AsyncIterator[Api]:
    """Yield an API on a PostgreSQL database that waits for another advisory lock, number 0, before it tries one."""
    url = databases.migrated("postgresql")
    with psycopg.connect(url) as connection:
        connection.execute("CREATE SCHEMA slow")
        connection.execute(
            "CREATE FUNCTION slow.pg_try_advisory_xact_lock(bigint) RETURNS boolean LANGUAGE sql VOLATILE AS"
            " 'SELECT pg_catalog.pg_advisory_xact_lock(0); SELECT pg_catalog.pg_try_advisory_xact_lock($1)'"
        )
        name = connection.info.dbname
        connection.execute(f"ALTER DATABASE {name} SET search_path = slow, public, pg_catalog".encode())
    twin = Twin(request.param, url)
    api = Api(twin)
    yield api
    await api.close()
    await twin.close()


async def test_a_repetition_right_after_the_first_finds_its_answer(slow: Api):
    first, _ = await slow.call("tags_create", {"name": "war"}, key="k")
    with psycopg.connect(slow.twin.url) as other:
        other.execute("CREATE TABLE was AS SELECT * FROM idempotency_key")
        other.execute("DELETE FROM idempotency_key")
    with psycopg.connect(slow.twin.url) as other, psycopg.connect(slow.twin.url) as holder:
        holder.execute("SELECT pg_catalog.pg_advisory_xact_lock(0)")
        other.execute("SELECT pg_catalog.pg_advisory_xact_lock(%s)", [key_of("k").lock])
        other.execute("INSERT INTO idempotency_key SELECT * FROM was")

        def finish() -> None:
            """Commit the row after the other's statement has begun, and before that tries to take the lock."""
            try:
                until(lambda: holder.execute(LOCK_QUEUE).fetchone())
                other.commit()
            finally:
                holder.commit()

        finishing = threading.Thread(target=finish)
        finishing.start()
        second, counts = await slow.call("tags_create", {"name": "war"}, key="k")
        finishing.join()

    assert (second.status, second.body) == (201, first.body)
    assert len(counts.statements) == 2
