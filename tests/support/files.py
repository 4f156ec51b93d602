"""What a catalogue and its store of files have, and how they differ."""

from __future__ import annotations

import os
import time
from datetime import timedelta
from pathlib import Path

from sqlalchemy import Connection, select, union, update

from diptych.core.engine.entity import now
from diptych.core.exports.model import ExportFile
from diptych.core.files.model import BookFile, File
from diptych.core.files.store import FileStore
from diptych.core.imports.model import ImportContent

GIF = b"GIF89a"
LONG_AGO = timedelta(days=30)


def differences(connection: Connection, location: str) -> list[str]:
    """Return what is in the store and in no row, in a row and not in the store, or referenced and not ready."""
    stored = {digest for digest, _ in FileStore(location).listed()}
    rows = dict(connection.execute(select(File.sha256, File.state)).tuples().all())
    columns = (BookFile.sha256, ExportFile.sha256, ImportContent.sha256)
    referenced = set(connection.execute(union(*(select(column) for column in columns))).scalars())
    return [
        *(f"{digest} has no row" for digest in stored - rows.keys()),
        *(f"{digest} is {rows[digest]} and not in the store" for digest in rows.keys() - stored),
        *(f"{digest} is referenced and {rows[digest]}" for digest in referenced if rows[digest] != "ready"),
        *(f"{digest} is not referenced" for digest in rows.keys() - referenced),
        *(f"{path.name} is not complete" for path in Path(location).glob("sha256/*/*#*")),
    ]


def age(connection: Connection, location: str) -> None:
    """Let all that is waited for be long ago."""
    old = now() - LONG_AGO
    connection.execute(update(File).where(File.unreferenced_since.is_not(None)).values(unreferenced_since=old))
    moment = time.time() - LONG_AGO.total_seconds()
    for path in Path(location).glob("sha256/*/*#*"):
        os.utime(path, (moment, moment))
