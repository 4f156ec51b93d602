"""What files go through, and for how long they are kept."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal, get_args

from msgspec import Struct

State = Literal["pending", "ready", "deleting"]

STATES: tuple[str, ...] = get_args(State)

Kind = Literal["cover", "ebook"]

KINDS: tuple[str, ...] = get_args(Kind)

NAME_LENGTH = 255
"""Most characters of the name of a file."""

FILES_OF_BOOK = 100
"""Files that a book can have."""

EXAMINE = "examine-file"
"""The type of job that looks into a file."""

UNSTORED = timedelta(hours=1)
"""How long a file is kept whose upload has not ended: much longer than any takes."""

UNREFERENCED = timedelta(days=7)
"""How long a file is kept that no book has any more: deleting it from a book can be undone meanwhile."""

SWEPT = 100
"""Files that one transaction marks or deletes, at most."""


class StoredFile(Struct, frozen=True):
    """A file that is in the store. digest: its SHA-256 in hexadecimal. size: in bytes."""

    digest: str
    size: int
    media_type: str
