"""SQLite with several writing processes of both adapters: writers queue, and no client sees a lock error."""

from __future__ import annotations

import sqlite3
import time
from contextlib import ExitStack, closing

import pytest

from tests.faults.figures import Figures
from tests.faults.load import Load
from tests.faults.service import service
from tests.faults.trial import STORED, check, compared, named
from tests.support.databases import Databases
from tests.support.deployments import ADAPTERS


@pytest.mark.fault("eight writers on SQLite")
def test_eight_writers_in_four_processes_wait_for_each_other(databases: Databases, figures: list[Figures]):
    url = databases.migrated("sqlite")
    with ExitStack() as stack:
        services = [stack.enter_context(service(adapter, url)) for adapter in ADAPTERS]
        loads = [Load(each, keyed=2, once=2, readers=2) for each in services]
        with loads[0], loads[1]:
            time.sleep(4)
        told = [each.told() for each in services]

    with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection:
        rows = connection.execute(STORED).fetchall()
    for load, adapter in zip(loads, ADAPTERS, strict=True):
        figures.append(compared("eight writers on SQLite", adapter, load, named(load.word, rows)))
        check(load, figures[-1])
        assert figures[-1].statuses.keys() == {200, 201}
    assert not [text for text in told if "database is locked" in text]
