"""The synchronous twin's Database, for a test."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import diptych.core.sync.unit_of_work
from diptych.core.database import sync_config
from diptych.core.settings import Settings


@contextmanager
def opened(url: str, **settings: Any) -> Iterator[diptych.core.sync.unit_of_work.Database]:
    """Open the database at a URL for the block; at its end no connection may be in use."""
    found = diptych.core.sync.unit_of_work.Database(sync_config(Settings(database_url=url, **settings)))
    try:
        yield found
    finally:
        in_use = found._engine.pool.checkedout()  # type: ignore[attr-defined]
        found.close()
    assert in_use == 0
