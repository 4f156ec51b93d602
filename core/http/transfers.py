"""Which requests send a file, and which receive one: servers have to know before there is a route."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from msgspec import Struct

from diptych.core.http.operations import Operation, native_path


class Transfers:
    """The requests of some operations that send or receive a file, by method and path, as they were sent."""

    def __init__(self, operations: Iterable[Operation]) -> None:
        found = list(operations)
        self._uploads = _pattern(each for each in found if each.stores_file)
        self._all = _pattern(each for each in found if each.stores_file or each.sends_file)

    def is_upload(self, method: str, path: str) -> bool:
        """Return whether the body of a request is a file."""
        return self._uploads.fullmatch(f"{method} {path}") is not None

    def is_transfer(self, method: str, path: str) -> bool:
        """Return whether the body of a request or of its response is a file."""
        return self._all.fullmatch(f"{method} {path}") is not None


class BodyLimits(Struct, frozen=True):
    """How large bodies may be, in bytes. body: in memory. file: of a request for which `is_upload` is true.

    directory: for the spools of files.
    """

    body: int
    file: int = 0
    is_upload: Callable[[str, str], bool] = lambda _method, _path: False
    directory: str | None = None


def _pattern(operations: Iterable[Operation]) -> re.Pattern[str]:
    return re.compile("|".join(f"{each.method} {native_path(each.path, '[^/]+')}" for each in operations) or r"(?!)")
