"""Empty catalogues for the command line."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.support.databases import Databases


@pytest.fixture
def catalogue(databases: Databases) -> Callable[[str], str]:
    """The URL of a new and empty catalogue of a backend."""
    return databases.migrated
