"""Which tests pytest-xdist runs in one process."""

from __future__ import annotations

import pytest
from xdist.scheduler import LoadScopeScheduling

SHARED = ("tests/contract/", "tests/wire/test_keys.py", "tests/wire/test_slow_clients.py", "tests/wire/test_wire.py")
"""What asks the deployments that the whole run shares."""


def group(nodeid: str) -> str:
    """Return the database of the shared deployments that a test asks, or else its file, whose fixtures it shares."""
    if nodeid.startswith(SHARED):
        return "postgresql" if "postgresql" in nodeid else "sqlite"
    return nodeid.partition("::")[0]


class GroupScheduling(LoadScopeScheduling):  # type: ignore[misc]  # xdist's types are not exported
    """Gives each process one group after another, in the order of the tests.

    So a deployment is started once, and nobody else writes to its database while a test compares it before and after.
    pytest-xdist's own `--dist loadgroup` does not group with pytest 9.2: it writes an attribute that is not read there.
    """

    def _split_scope(self, nodeid: str) -> str:
        return group(nodeid)


def longest_first(items: list[pytest.Item]) -> None:
    """Sort tests so that the groups that take longest begin first: no process ends long before the others."""
    rank = {name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: rank.get(group(item.nodeid), len(rank)))


LONGEST: tuple[str, ...] = ("sqlite", "postgresql")
"""The groups that take longest, in that order."""
