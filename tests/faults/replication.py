"""A primary and its standby, and what becomes of both."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.faults.postgres import Postgres
from tests.support.postgresql import initialise


@dataclass(frozen=True)
class Pair:
    """A primary and a streaming standby."""

    primary: Postgres
    standby: Postgres

    def get_uri(self, database: str) -> str:
        """Return the URL of a database with both hosts, in libpq's form."""
        hosts = f"127.0.0.1:{self.primary.port},127.0.0.1:{self.standby.port}"
        return f"postgresql://postgres@{hosts}/{database}?target_session_attrs=read-write"

    def replace_primary(self) -> None:
        """Kill both, and start the standby as the primary on the primary's port."""
        self.primary.kill()
        self.standby.kill()
        self.standby.port = self.primary.port
        self.standby.start()
        self.standby.promote()


@contextlib.contextmanager
def pair(directory: Path) -> Iterator[Pair]:
    """Run a primary and a standby with their files in a new directory."""
    directory.mkdir()
    with contextlib.ExitStack() as stack:
        primary = Postgres(directory / "primary", initialise(directory / "primary"))
        primary.start()
        stack.callback(_end, primary)
        standby = primary.standby(directory / "standby")
        stack.callback(_end, standby)
        yield Pair(primary, standby)


def _end(server: Postgres) -> None:
    if server.running:
        server.kill()
