"""Which tests pytest-xdist runs in one process, and which it begins with."""

from __future__ import annotations

import pytest
from xdist.scheduler import LoadScopeScheduling

SHARED = ("tests/contract/", "tests/wire/test_keys.py", "tests/wire/test_slow_clients.py", "tests/wire/test_wire.py")
"""What asks the deployments that the whole run shares."""

APART = (
    "tests/schemathesis/",
    "tests/wire/test_stopping.py",
    "tests/cli/test_dumps.py",
    "tests/cli/test_import_export.py",
    "tests/migrations/test_safety.py",
    "tests/migrations/test_adopting.py",
    "tests/adapters/test_rolling.py",
)
"""Long tests that share nothing: each may run in any process."""

FIRST = ("tests/schemathesis/", "tests/cli/test_installed.py", "sqlite", "postgresql", *APART[1:])
"""The groups that take longest, in that order. Begun last, they would go on when all other processes have ended."""


def group(nodeid: str) -> str:
    """Return the database of the shared deployments that a test asks, or else its file, whose fixtures it shares."""
    if nodeid.startswith(SHARED):
        return "postgresql" if "postgresql" in nodeid else "sqlite"
    return nodeid if nodeid.startswith(APART) else nodeid.partition("::")[0]


class GroupScheduling(LoadScopeScheduling):  # type: ignore[misc]  # xdist's types are not exported
    """Gives each process one group after another, in the order of the tests.

    So a deployment is started once, and nobody else writes to its database while a test compares it before and after.
    pytest-xdist's own `--dist loadgroup` does not group with pytest 9.2: it writes an attribute that is not read there.
    """

    def _split_scope(self, nodeid: str) -> str:
        return group(nodeid)


def longest_first(items: list[pytest.Item]) -> None:
    """Sort the tests so that the groups that take longest begin first."""

    def rank(item: pytest.Item) -> int:
        name = group(item.nodeid)
        return next((place for place, each in enumerate(FIRST) if name.startswith(each)), len(FIRST))

    items.sort(key=rank)
