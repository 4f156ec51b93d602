"""What files go through, and for how long they are kept."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal, get_args
from uuid import UUID

from msgspec import Struct

from diptych.core.access.principal import Principal

State = Literal["pending", "ready", "deleting"]

STATES: tuple[str, ...] = get_args(State)

Kind = Literal["cover", "ebook"]

KINDS: tuple[str, ...] = get_args(Kind)

NAME_LENGTH = 255
"""Most characters of the name of a file."""

COVER_MAX = 32 << 20
"""Bytes of an image that is chosen in a form, at most: its header is read at once, of a WebP with the whole of it."""

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


LEAST_COUNTED = 65_536
"""Bytes that a file counts as at least, so that a limit of bytes is one of the number of files, too."""

WITHOUT_ACCOUNT = UUID(int=0)
"""Whom the files of clients without an account count for."""


class Allowance(Struct, frozen=True):
    """How many bytes of files somebody may have stored."""

    principal: UUID
    limit: int

    @property
    def lock(self) -> int:
        """The number of the advisory lock that a transaction takes before it adds up this principal's bytes."""
        return int.from_bytes(self.principal.bytes[8:], "big", signed=True)


def allowance_of(principal: Principal, limit: int) -> Allowance | None:
    """Return what a principal may have stored; None for as much as they like. limit: in bytes, 0 for none."""
    if limit == 0 or principal.role == "administrator":
        return None
    return Allowance(principal.id or WITHOUT_ACCOUNT, limit)


class StoredFile(Struct, frozen=True):
    """A file that is in the store.

    digest: its SHA-256 in hexadecimal. size: in bytes. name: as its sender calls it; empty where nothing says.
    """

    digest: str
    size: int
    media_type: str
    name: str = ""
