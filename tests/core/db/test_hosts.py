"""Several hosts: which one is dialled first, and which connections are given up. Here they are links to one server."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import OperationalError

from diptych.core import deadline
from diptych.core.database import sync_config
from diptych.core.settings import Settings
from tests.support.databases import Databases
from tests.support.waiting import PATIENCE


class Links:
    """Two directories of sockets, which may be taken away."""

    def __init__(self, directory: Path, url: str) -> None:
        parts = conninfo_to_dict(url)
        self._there = Path(str(parts["host"]))
        self.first, self.second = directory / "1", directory / "2"
        self.add(self.first)
        self.add(self.second)
        hosts = ",".join(quote(str(each), safe="") for each in (self.first, self.second))
        self.url = f"postgresql://postgres@{hosts}/{parts['dbname']}"

    def add(self, link: Path) -> None:
        link.symlink_to(self._there)


@pytest.fixture
def links(databases: Databases, tmp_path: Path) -> Links:
    return Links(tmp_path, databases.empty("postgresql"))


@pytest.fixture(params=["", "?target_session_attrs=read-write"], ids=["any", "read-write"])
def engine(request: pytest.FixtureRequest, links: Links) -> Iterator[Engine]:
    engine = sync_config(Settings(database_url=links.url + request.param)).get_engine()
    yield engine
    engine.dispose()


def driver(connection: Connection) -> Any:
    return connection.connection.driver_connection


def host(engine: Engine) -> Path:
    """Return the host of a connection from the pool."""
    with engine.connect() as connection:
        return Path(driver(connection).info.host)


def test_the_host_that_was_connected_to_last_is_dialled_first(links: Links, engine: Engine):
    assert host(engine) == links.first
    links.first.unlink()
    engine.dispose()
    assert host(engine) == links.second
    links.add(links.first)
    engine.dispose()
    assert host(engine) == links.second


def test_a_request_that_is_almost_over_does_not_try_where_another_has_just_failed(links: Links, engine: Engine):
    links.first.unlink()
    links.second.unlink()
    with deadline.until(time.monotonic() + 0.5), pytest.raises(OperationalError, match="No such file"):
        host(engine)
    with deadline.until(time.monotonic() + 0.5), pytest.raises(OperationalError, match="a moment ago"):
        host(engine)
    links.add(links.second)
    with deadline.until(time.monotonic() + PATIENCE):
        assert host(engine) == links.second
    engine.dispose()
    with deadline.until(time.monotonic() + 0.5):
        assert host(engine) == links.second


def test_connections_to_a_host_that_no_longer_writes_are_given_up(links: Links, engine: Engine):
    with engine.connect() as old:
        assert driver(old).info.host == str(links.first)
        links.first.unlink()
        with engine.connect() as new:
            assert driver(new).info.host == str(links.second)
    # The pool returns the connection that it got back last, which is the old one.
    assert host(engine) == (links.second if "read-write" in str(engine.url) else links.first)


def test_when_one_connection_does_not_respond_the_others_to_its_host_are_given_up(links: Links, engine: Engine):
    with engine.connect() as first, engine.connect() as second:
        processes = {driver(each).info.backend_pid for each in (first, second)}
        assert {driver(each).info.host for each in (first, second)} == {str(links.first)}
    stopped = []
    try:
        with deadline.until(time.monotonic() + 0.2), engine.connect() as connection:
            stopped.append(driver(connection).info.backend_pid)
            os.kill(stopped[0], signal.SIGSTOP)
            with pytest.raises(OperationalError):
                connection.execute(text("SELECT 1"))
        with engine.connect() as connection:
            assert driver(connection).info.backend_pid not in processes
            assert driver(connection).info.host == str(links.second)
            # A connection that was opened since then is kept.
            kept = driver(connection).info.backend_pid
        with engine.connect() as connection:
            assert driver(connection).info.backend_pid == kept
    finally:
        for process in stopped:
            os.kill(process, signal.SIGCONT)
