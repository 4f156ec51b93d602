"""What a case is, and how one is written."""

from __future__ import annotations

import re
from dataclasses import dataclass

ID = "01a1fbd7-55dd-7561-861e-8d0bba31278f"
"""An id that nobody has."""

HOST = "Host: catalogue.test"
JSON = "Content-Type: application/json"
CLOSE = "Connection: close"
CHUNKED = "Transfer-Encoding: chunked"

_UNSAFE = re.compile(rb"DELETE|PATCH|POST|PUT")


@dataclass(frozen=True, slots=True)
class Case:
    """A message and what it has to come to.

    message: its bytes, names in braces to be filled in. statuses: of its answers; none is a closed connection without
    one. methods: of the requests in it that are answered. writes: whether it changes the catalogue.
    own: whether it is for a server of our own; inside someone else's application, what a server refuses is theirs.
    """

    name: str
    message: bytes
    statuses: tuple[int, ...]
    methods: tuple[str, ...] = ("GET",)
    writes: bool = False
    half_close: bool = False
    own: bool = False

    @property
    def safe(self) -> bool:
        """Whether it asks for nothing but to be read to, even where a server understands it wrongly."""
        methods = {*self.methods, self.message.partition(b" ")[0].decode("latin-1")}
        return methods <= {"GET", "HEAD", "OPTIONS"} and not _UNSAFE.search(self.message)


def text(value: str | bytes) -> bytes:
    return value if isinstance(value, bytes) else value.encode("latin-1")


def head(method: str, target: str | bytes, *fields: str | bytes, version: str = "HTTP/1.1") -> bytes:
    """A request's head; the fields are the whole of it."""
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
    """A request as it should be, on a connection of its own: `target` is below the prefix."""
    length = () if body is None else ("Content-Length: {length}",)
    message = head(method, b"{prefix}" + text(target), HOST, CLOSE, *fields, *length) + (body or b"")
    shown = " ".join((method, text(target).decode("latin-1"), *(text(field).decode("latin-1") for field in fields)))
    return Case(_shown(name or shown, body), message, (status,), (method,), writes)


def post(
    status: int, body: bytes, *fields: str, name: str = "", target: str = "/authors", writes: bool = False
) -> Case:
    """A POST of JSON."""
    return ask(status, target, *(fields or (JSON,)), method="POST", body=body, name=name, writes=writes)


def raw(name: str, status: int, message: str | bytes, *, method: str = "GET", half_close: bool = False) -> Case:
    """A message as it is, for a server of our own."""
    return Case(name, text(message), (status,), (method,), half_close=half_close, own=True)


def silent(name: str, message: str | bytes) -> Case:
    """What is not answered: the connection is closed. The client has said that it will send no more."""
    return Case(name, text(message), (), half_close=True, own=True)


def _shown(name: str, body: bytes | None) -> str:
    return (name if body is None else f"{name} {body[:40].decode('latin-1')}")[:110]
