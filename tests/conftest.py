"""Fixtures for the whole suite: one PostgreSQL server, and databases on it."""

from __future__ import annotations

from collections.abc import Iterator

import hypothesis
import pytest

from tests.support.databases import Databases
from tests.support.postgresql import postgresql

# A machine that is busy with servers may take its time over any one example.
hypothesis.settings.register_profile("suite", deadline=None)
hypothesis.settings.register_profile("fuzz", deadline=None, max_examples=2000, print_blob=True)
hypothesis.settings.load_profile("suite")


@pytest.fixture(scope="session")
def databases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Databases]:
    with postgresql(tmp_path_factory.mktemp("postgresql")) as server:
        yield Databases(server, tmp_path_factory.mktemp("sqlite"))
