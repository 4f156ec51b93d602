"""Nothing acknowledged is lost, and nothing is done twice, whatever breaks: every fault is a real one.

All faults happen to one deployment of each adapter, which is never restarted in between.
"""

from __future__ import annotations

import http.client
import socket
import struct
import time
from contextlib import ExitStack

import pytest

from tests.faults.load import GOOD, NONE, Client, Load, Write, message
from tests.faults.service import POOL_TIMEOUT, REQUEST_TIMEOUT, service
from tests.faults.trial import Trial
from tests.support.waiting import PATIENCE, until

AFTER = 3
"""Least seconds that the load continues after a fault."""

FULL = "Every database connection is in use."
"""The detail when a worker has more concurrent requests than connections, as while the other worker is down."""

TOO_LONG = "This took longer than a request may."
"""The detail at a request's deadline."""

OLDEST = """
    SELECT coalesce(max(extract(epoch FROM clock_timestamp() - query_start)), 0)::float FROM pg_stat_activity
    WHERE datname = current_database() AND application_name = 'diptych' AND state = 'active'
"""
"""Age in seconds of the oldest running statement."""


def statuses(load: Load, method: str | None = None) -> set[int]:
    return {each.status for each in load.book.told if method in (None, each.method)}


def refusals(load: Load) -> set[str]:
    """Return the details of all 503 responses."""
    return {each.detail for each in load.book.told if each.status == 503}


@pytest.mark.fault("none")
def test_all_is_answered_and_stored_when_nothing_happens(trial: Trial):
    with Load(trial.service) as load:
        load.goes_on(1)

    trial.settle(load)
    assert statuses(load) == {200, 201}


@pytest.mark.fault("kill -9 the database, down for a second")
def test_the_database_is_killed_and_comes_back(trial: Trial):
    workers = trial.service.workers()
    with Load(trial.service) as load:
        load.goes_on()
        trial.postgres.kill()
        time.sleep(1)
        load.is_refused()
        back = trial.postgres.start()
        load.goes_on(AFTER)

    trial.settle(load, back)
    assert statuses(load) == {200, 201, 503}
    assert trial.service.workers() == workers


@pytest.mark.slow
@pytest.mark.fault("every connection cut, ten times")
def test_every_connection_is_cut(trial: Trial):
    with Load(trial.service) as load:
        for _ in range(10):
            time.sleep(0.1)
            trial.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'diptych'",
            )
        back = time.monotonic()
        load.goes_on(AFTER)

    trial.settle(load, back)
    assert statuses(load) <= {200, 201, 409, 503}


@pytest.mark.slow
@pytest.mark.fault("the database frozen for longer than a deadline")
def test_the_database_stands_still(trial: Trial):
    with Load(trial.service) as load:
        load.goes_on()
        trial.postgres.freeze()
        # No request waits until the database continues: while it is frozen, each gets a 503.
        load.is_refused(10)
        trial.postgres.thaw()
        back = time.monotonic()
        load.goes_on(AFTER)

    trial.settle(load, back)


@pytest.mark.slow
@pytest.mark.fault("the pool full for two seconds")
def test_the_pool_is_full(trial: Trial):
    with Load(trial.service) as load:
        load.goes_on()
        with trial.postgres.control(trial.database) as connection, connection.transaction():
            connection.execute("LOCK TABLE author IN ACCESS EXCLUSIVE MODE")
            time.sleep(2)
            load.is_refused()
        back = time.monotonic()
        load.goes_on(AFTER)

    trial.settle(load, back)
    # Requests that held a connection may wait for the table.
    assert refusals(load) - {TOO_LONG} == {FULL}
    full = [each for each in load.book.told if each.detail == FULL]
    assert all(each.ended - each.begun > POOL_TIMEOUT - 0.1 for each in full)


@pytest.mark.slow
@pytest.mark.fault("statements that sleep past the deadline")
def test_a_statement_sleeps_past_the_deadline(trial: Trial):
    # One client of each worker repeats a sleeping statement, and one sends other requests.
    with Load(trial.service, keyed=2, once=2, readers=4, suffix=lambda number: f"{number} sleeps") as load:
        until(lambda: trial.value(OLDEST) > REQUEST_TIMEOUT - 0.5)
        # They would sleep for an hour.
        load.is_refused(4, TOO_LONG)
        trial.execute("ALTER TABLE tag DISABLE TRIGGER trouble")
        back = time.monotonic()
        load.goes_on(AFTER)
    trial.execute("ALTER TABLE tag ENABLE TRIGGER trouble")

    trial.settle(load, back)
    assert statuses(load, "GET") == {200}


@pytest.mark.slow
@pytest.mark.fault("a lock held for longer than the deadline")
def test_a_lock_is_held_by_another_session(trial: Trial):
    with Load(trial.service) as load:
        load.goes_on()
        with trial.postgres.control(trial.database) as connection, connection.transaction():
            connection.execute("LOCK TABLE tag IN SHARE MODE")
            # No request waits until the lock is released.
            load.is_refused(2, TOO_LONG)
        back = time.monotonic()
        load.goes_on(AFTER)

    trial.settle(load, back)


@pytest.mark.slow
@pytest.mark.fault("the database read-only for a second")
def test_the_database_is_read_only_for_a_while(trial: Trial):
    with Load(trial.service) as load:
        load.goes_on()
        trial.execute("ALTER SYSTEM SET default_transaction_read_only = on", "SELECT pg_reload_conf()")
        time.sleep(1)
        load.is_refused()
        trial.execute("ALTER SYSTEM RESET default_transaction_read_only", "SELECT pg_reload_conf()")
        back = time.monotonic()
        load.goes_on(AFTER)

    trial.settle(load, back)
    assert statuses(load, "GET") == {200}
    assert statuses(load, "POST") == {201, 503}


@pytest.mark.fault("deadlocks")
def test_deadlocks_are_provoked(trial: Trial):
    before = deadlocks(trial)
    with Load(trial.service, kinds=("tags",), suffix=lambda number: f"{number} {('ab', 'ba')[number % 2]}") as load:
        time.sleep(3)
        until(lambda: deadlocks(trial) - before > 5)

    trial.settle(load)
    provoked = deadlocks(trial) - before
    # They are retried, and few clients notice.
    assert len([each for each in load.book.told if each.status == 503]) < provoked / 2


def deadlocks(trial: Trial) -> int:
    """Return the number of deadlocks."""
    time.sleep(1.1)  # sessions report their statistics once a second
    return int(trial.value("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"))


@pytest.mark.fault("kill -9 a worker")
def test_a_worker_is_killed(trial: Trial):
    before = trial.service.wait_for_workers()
    with Load(trial.service) as load:
        load.goes_on()
        before[0].kill()
        back = time.monotonic()
        load.goes_on(AFTER)
        after = trial.service.wait_for_workers()

    trial.settle(load, back)
    assert statuses(load) <= {200, 201, 409, 503, NONE}
    assert refusals(load) <= {FULL}
    assert len(set(before) & set(after)) == 1


@pytest.mark.slow
@pytest.mark.fault("SIGTERM under load, then a new start")
def test_a_service_is_stopped_and_another_started(trial: Trial):
    url, adapter = trial.postgres.get_uri(trial.database), trial.service.adapter
    trial.deployments = 2
    with ExitStack() as second:
        with ExitStack() as first:
            before = first.enter_context(service(adapter, url))
            with Load(before) as load:
                load.goes_on()
                first.close()
                trial.service = second.enter_context(service(adapter, url, before.port))
                back = time.monotonic()
                load.goes_on(AFTER)

        trial.settle(load, back)
        assert statuses(load) <= {200, 201, 409, 503, NONE}
        assert refusals(load) <= {FULL}


@pytest.mark.slow
@pytest.mark.fault("clients that go away in mid-request")
def test_clients_go_away(trial: Trial):
    with Load(trial.service) as load:
        batches = [load.write("tags", number=20) for _ in range(40)]
        for turn, batch in enumerate(batches):
            leave(trial.service.port, load, batch, whole=bool(turn % 4), reset=turn % 2 == 1, pause=turn % 5 / 100)
        time.sleep(1)
        done = until(lambda: found if any(found := _done(trial, load, batches)) else [])
        client = connected(trial, load)
        for batch in batches:
            load.until_told(client, batch)
        client.close()

    trial.settle(load)
    assert set(done[::4]) == {0}
    assert set(done) == {0, 20}


def _done(trial: Trial, load: Load, batches: list[Write]) -> list[int]:
    """Return how many rows of each batch are stored."""
    stored = trial.stored(load.word)
    return [sum(name in stored for name in batch.names) for batch in batches]


def leave(port: int, load: Load, write: Write, *, whole: bool, reset: bool, pause: float) -> None:
    """Send a request, completely or without the last byte, and disconnect before the response."""
    begun = time.monotonic()
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(message(write) if whole else message(write)[:-1])
        time.sleep(pause)
        if reset:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    load.book.note("POST", NONE, begun)


@pytest.mark.slow
@pytest.mark.fault("the database killed and started while nothing is asked")
def test_a_restart_while_nothing_is_asked_is_not_heard_of(trial: Trial):
    trial.is_well()
    trial.postgres.kill()
    trial.postgres.start()
    with Load(trial.service) as load:
        load.goes_on()

    trial.settle(load)
    assert statuses(load) == {200, 201}


@pytest.mark.slow
@pytest.mark.fault("kill -9 the database at the moment of an answer")
def test_what_was_answered_is_there_after_a_crash(trial: Trial):
    load = Load(trial.service, keyed=0, once=0, readers=0)
    kept = load.book.acknowledged
    (author,) = kept.values()
    for method, path, body in (
        ("POST", "/tags", {"name": f"{load.word} tag"}),
        ("PATCH", f"/authors/{author}", {"name": f"{load.word} changed"}),
        ("PUT", f"/authors/{author}", {"name": f"{load.word} replaced", "dob": None}),
        ("DELETE", f"/authors/{author}", None),
    ):
        client = connected(trial, load)
        status, row = client.ask(method, path, body)
        trial.postgres.kill()
        trial.postgres.start()
        client.close()

        assert status == GOOD[method], row
        for name in [name for name, found in kept.items() if path.endswith(found)]:
            del kept[name]
        if body is not None:
            kept[body["name"]] = row["id"]
        assert trial.stored(load.word) == kept

    trial.settle(load)


def connected(trial: Trial, load: Load) -> Client:
    """Return a new client, connected to any worker."""
    return Client(http.client.HTTPConnection("127.0.0.1", trial.service.port, timeout=PATIENCE), load.book)
