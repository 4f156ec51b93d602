"""Which requests send a file, and which receive one: servers have to know before there is a route."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from urllib.parse import unquote

from msgspec import Struct

from diptych.core.http.operations import Route, native_path
from diptych.core.http.request_response import Request
from diptych.core.http.wire.request_head import Head


class Transfers:
    """The requests at some routes that send or receive a file, by method and path, as they were sent."""

    def __init__(self, routes: Iterable[Route]) -> None:
        found = [(each, each.operation) for each in routes if each.operation is not None]
        self._uploads = [
            (operation.method, re.compile(native_path(route.path, "(?P<{}>[^/]+)")), route)
            for route, operation in found
            if operation.stores_file
        ]
        transfers = [each for _, each in found if each.stores_file or each.sends_file]
        self._all = re.compile(
            "|".join(f"{each.method} {native_path(each.path, '[^/]+')}" for each in transfers) or r"(?!)"
        )

    def is_upload(self, method: str, path: str) -> bool:
        """Return whether the body of a request is a file."""
        return self._upload(method, path) is not None

    def upload_of(self, head: Head, client: str) -> tuple[Route, Request]:
        """Return the route and the request, without its body, of a head for which `is_upload` is true."""
        path, _, query = head.target.partition("?")
        found = self._upload(head.method, path)
        assert found is not None  # noqa: S101 - it is one
        route, parameters = found
        named = {name: unquote(value) for name, value in parameters.items()}
        return route, Request(head.method, "", named, query, head.headers, None, client)

    def is_transfer(self, method: str, path: str) -> bool:
        """Return whether the body of a request or of its response is a file."""
        return self._all.fullmatch(f"{method} {path}") is not None

    def _upload(self, method: str, path: str) -> tuple[Route, dict[str, str]] | None:
        for each, pattern, route in self._uploads:
            if each == method and (found := pattern.fullmatch(path)):
                return route, found.groupdict()
        return None


class BodyLimits(Struct, frozen=True):
    """How large bodies may be, in bytes. body: in memory. file: of a request for which `is_upload` is true.

    directory: for the spools of files.
    """

    body: int
    file: int = 0
    is_upload: Callable[[str, str], bool] = lambda _method, _path: False
    directory: str | None = None
