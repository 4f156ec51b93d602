"""Deadlines, in a process and in one that was forked from it."""

from __future__ import annotations

import sys
import threading
import time
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from diptych.core import deadline
from diptych.core.database import sync_config
from diptych.core.db import deadlines
from diptych.core.settings import Settings
from tests.support.databases import Databases, run
from tests.support.waiting import until

FORKED = """
import os, sys, time
from sqlalchemy import text
from diptych.core import deadline
from diptych.core.database import sync_config
from diptych.core.errors import CatalogueError
from diptych.core.settings import Settings
from diptych.core.sync.unit_of_work import Database

ENDLESS = text("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n")

def late():
    database = Database(sync_config(Settings(database_url=sys.argv[1])))
    try:
        with deadline.until(time.monotonic() + 0.3):
            database.read(lambda executor: executor.all(ENDLESS, {}))
    except CatalogueError as error:
        print(error.detail, flush=True)
    finally:
        database.close()

late()
child = os.fork()
if child:
    sys.exit(os.waitpid(child, 0)[1])
late()
"""


def test_a_process_that_was_forked_keeps_deadlines_of_its_own(tmp_path: Path):
    done = run([sys.executable, "-c", FORKED, f"sqlite:///{tmp_path}/some.db"])
    assert done.stdout.splitlines() == ["This took longer than a request may."] * 2


def test_connections_that_could_not_be_made_ready_are_not_looked_after_for_ever(databases: Databases):
    engine = sync_config(Settings(database_url=databases.empty("postgresql"))).get_engine()

    @event.listens_for(engine, "connect")
    def fail(*_: object) -> None:
        raise psycopg.OperationalError("the pooler has no server")

    for _ in range(3):
        with deadline.until(time.monotonic() + 0.2), pytest.raises(OperationalError):
            engine.connect()
    until(lambda: not deadlines._watch._uses)
    until(lambda: "diptych cancels" not in {thread.name for thread in threading.enumerate()})
    engine.dispose()
