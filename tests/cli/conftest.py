"""Empty catalogues for the command line."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.support.databases import Databases


@pytest.fixture
def catalogue(databases: Databases) -> Callable[[str], str]:
    """Return a function that creates an empty catalogue on a backend and returns its URL."""
    return databases.migrated
