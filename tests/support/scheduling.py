"""Which tests pytest-xdist runs in one process, and which it starts first."""

from __future__ import annotations

import pytest
from xdist.scheduler import LoadScopeScheduling

SHARED = (
    "tests/contract/",
    "tests/wire/test_keys.py",
    "tests/wire/test_slow_clients.py",
    "tests/wire/test_wire.py",
    "tests/wire/test_writers.py",
)
"""Tests that use the run's shared deployments."""

APART = (
    "tests/schemathesis/",
    "tests/wire/test_stopping.py",
    "tests/wire/test_smuggling.py",
    "tests/cli/test_dumps.py",
    "tests/cli/test_heads.py",
    "tests/cli/test_import_export.py",
    "tests/migrations/test_safety.py",
    "tests/migrations/test_adopting.py",
    "tests/adapters/test_rolling.py",
)
"""Files of slow tests without a shared fixture: each test may run in any process."""

FIRST = ("tests/schemathesis/", "tests/cli/test_installed.py", "sqlite", "postgresql", *APART[1:])
"""The groups that take longest, in that order: started last, they would run while other processes are idle."""


def group(nodeid: str) -> str:
    """Return a test's group: the database of the shared deployments that it uses, itself if APART, else its file."""
    if nodeid.startswith(SHARED):
        return "postgresql" if "postgresql" in nodeid else "sqlite"
    return nodeid if nodeid.startswith(APART) else nodeid.partition("::")[0]


class GroupScheduling(LoadScopeScheduling):  # type: ignore[misc]  # xdist's types are not exported
    """Give each process one group after another, in the order of the tests.

    So a deployment is started once, and no other process writes to its database while a test compares it before and
    after. pytest-xdist's own `--dist loadgroup` does not group with pytest 9.2: it writes an attribute that is not
    read there.
    """

    def _split_scope(self, nodeid: str) -> str:
        return group(nodeid)


def longest_first(items: list[pytest.Item]) -> None:
    """Sort the groups that take longest first."""

    def rank(item: pytest.Item) -> int:
        name = group(item.nodeid)
        return next((place for place, each in enumerate(FIRST) if name.startswith(each)), len(FIRST))

    items.sort(key=rank)
