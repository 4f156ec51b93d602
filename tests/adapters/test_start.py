"""What a server has to load before it can serve."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.support.databases import run
from tests.support.deployments import ADAPTERS

OF_COMMANDS = {"alembic", "mako", "core.adopting", "core.cli", "core.importing", "core.transfer"}


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_a_server_loads_nothing_that_only_commands_need(adapter: str, tmp_path: Path):
    code = f"import sys, {adapter}_app; {adapter}_app.create_app(); print(*sys.modules)"
    loaded = run([sys.executable, "-c", code], DATABASE_URL=f"sqlite:///{tmp_path}/none.db").stdout.split()
    assert f"{adapter}_app" in loaded
    assert not OF_COMMANDS.intersection(loaded)
