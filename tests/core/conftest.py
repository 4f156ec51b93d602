"""A database of each kind, for all tests of a module."""

from __future__ import annotations

import pytest

from tests.support.databases import BACKENDS, Databases


@pytest.fixture(scope="module")
def urls(databases: Databases) -> dict[str, str]:
    return {backend: databases.migrated(backend) for backend in BACKENDS}
