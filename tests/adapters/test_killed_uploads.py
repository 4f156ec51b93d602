"""The servers themselves, killed with all of their processes while files are sent."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.databases import Databases
from tests.support.deployments import ADAPTERS
from tests.support.killing import MOMENTS, check, uploads_until

pytestmark = pytest.mark.long


@pytest.mark.unsampled
@pytest.mark.parametrize("adapter", ADAPTERS)
@pytest.mark.parametrize("backend", ["sqlite", "postgresql"])
def test_a_server_that_is_killed_during_uploads_loses_none_that_it_has_acknowledged_and_leaves_nothing(
    databases: Databases, tmp_path: Path, adapter: str, backend: str
):
    url, location = databases.migrated(backend), str(tmp_path / "files")
    kept: dict[str, bytes] = {}
    for moment in MOMENTS:
        kept |= uploads_until(moment, adapter, url, DIPTYCH_FILES=location, DIPTYCH_FILE_BYTES_PER_ACCOUNT="0")
    check(url, location, kept)


@pytest.mark.parametrize("adapter", ADAPTERS[:1])
def test_gunicorn_is_killed_when_it_has_acknowledged_a_file(databases: Databases, tmp_path: Path, adapter: str):
    url, location = databases.migrated("sqlite"), str(tmp_path / "files")
    check(url, location, uploads_until("when the first is acknowledged", adapter, url, DIPTYCH_FILES=location))
