"""Deadlines, in a process and in one that was forked from it."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.support.databases import run

FORKED = """
import os, sys, time
from sqlalchemy import text
from core import deadlines
from core.database import sync_config
from core.errors import CatalogueError
from core.settings import Settings
from core.sync.unit_of_work import Database

ENDLESS = text("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n")

def late():
    database = Database(sync_config(Settings(database_url=sys.argv[1])))
    try:
        with deadlines.until(time.monotonic() + 0.3):
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
