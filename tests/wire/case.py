"""The definition of a case, and helpers to write one."""

from __future__ import annotations

import re
from dataclasses import dataclass

ID = "01a1fbd7-55dd-7561-861e-8d0bba31278f"
"""An id that no row has."""

HOST = "Host: catalogue.test"
JSON = "Content-Type: application/json"
CLOSE = "Connection: close"
CHUNKED = "Transfer-Encoding: chunked"

_UNSAFE = re.compile(rb"DELETE|PATCH|POST|PUT")


@dataclass(frozen=True, slots=True)
class Case:
    """A message and its expected outcome.

    message: its bytes, with placeholders in braces. statuses: of its responses; none means that the connection is
    closed without one. methods: of the requests in it that get a response. writes: whether it changes the catalogue.
    own: whether it applies only to our own server; inside another application that server decides.
    """

    name: str
    message: bytes
    statuses: tuple[int, ...]
    methods: tuple[str, ...] = ("GET",)
    writes: bool = False
    half_close: bool = False
    own: bool = False

    @property
    def refused(self) -> bool:
        """Whether its message gets an error, or no response."""
        return all(status >= 400 for status in self.statuses)

    @property
    def safe(self) -> bool:
        """Whether it cannot change anything, even if a server misparses it."""
        methods = {*self.methods, self.message.partition(b" ")[0].decode("latin-1")}
        return methods <= {"GET", "HEAD", "OPTIONS"} and not _UNSAFE.search(self.message)


def text(value: str | bytes) -> bytes:
    return value if isinstance(value, bytes) else value.encode("latin-1")


def head(method: str, target: str | bytes, *fields: str | bytes, version: str = "HTTP/1.1") -> bytes:
    """Build a request's head with exactly these fields."""
    first = b"%b %b %b" % (text(method), text(target), text(version))
    return b"".join(line + b"\r\n" for line in (first, *map(text, fields))) + b"\r\n"


def ask(
    status: int,
    target: str | bytes,
    *fields: str | bytes,
    method: str = "GET",
    body: bytes | None = None,
    name: str = "",
    writes: bool = False,
) -> Case:
    """Build a valid request on a connection of its own; `target` is below the prefix."""
    length = () if body is None else ("Content-Length: {length}",)
    message = head(method, b"{prefix}" + text(target), HOST, CLOSE, *fields, *length) + (body or b"")
    shown = " ".join((method, text(target).decode("latin-1"), *(text(field).decode("latin-1") for field in fields)))
    return Case(_shown(name or shown, body), message, (status,), (method,), writes)


def post(
    status: int, body: bytes, *fields: str, name: str = "", target: str = "/authors", writes: bool = False
) -> Case:
    """Build a POST of JSON."""
    return ask(status, target, *(fields or (JSON,)), method="POST", body=body, name=name, writes=writes)


def raw(name: str, status: int, message: str | bytes, *, method: str = "GET", half_close: bool = False) -> Case:
    """Use a message as it is, for our own server."""
    return Case(name, text(message), (status,), (method,), half_close=half_close, own=True)


def silent(name: str, message: str | bytes) -> Case:
    """Use a message that gets no response: the client closes its half, and the server closes the connection."""
    return Case(name, text(message), (), half_close=True, own=True)


def _shown(name: str, body: bytes | None) -> str:
    return (name if body is None else f"{name} {body[:40].decode('latin-1')}")[:110]
