"""A request and a response as framework-independent values, which the adapters convert."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterator, Mapping
from enum import Enum

from msgspec import Struct, field
from msgspec.structs import replace

from diptych.core.access.principal import HostUser
from diptych.core.http.spool import Spool

JSON = "application/json"
MERGE_PATCH = "application/merge-patch+json"


LARGE = 65_536
"""Bytes from which a body is worth a thread: changing threads takes 0.1 ms, and so many bytes take several."""


class BodyError(Enum):
    """Why a request has no readable body."""

    INCOMPLETE = "it ended early, or was not framed as it said"
    TOO_LARGE = "it is larger than it may be"
    NO_ROOM = "the server keeps too much for its clients"
    NOT_WRITTEN = "it could not be written to the disk"


class Refused(Struct, frozen=True):
    """That a body was not received, because the request is refused. error: with what, as the core has raised it."""

    error: Exception


Body = bytes | BodyError | Refused | Spool


class Request(Struct, frozen=True):
    """One request, with as much of its body as could be read. Who handles it closes the spool of a body that has one.

    body: None where it has yet to be received.

    prefix: where the catalogue is mounted, without a final slash ("" at the root).
    parameters: the path's, percent-decoded. query: raw, without "?". headers: names in lower case.
    client: the address of the connection; empty for a Unix socket.
    user: who sent it, where an application that mounts the catalogue knows.
    arrived: when it was complete (monotonic); the deadline begins then, so that time in a queue counts.
    """

    method: str
    prefix: str
    parameters: Mapping[str, str]
    query: str
    headers: Mapping[str, str]
    body: Body | None
    client: str = ""
    user: HostUser | None = None
    arrived: float = field(default_factory=time.monotonic)

    def received(self, body: Body) -> Request:
        """Return the request with its body, which has arrived now."""
        return replace(self, body=body, arrived=time.monotonic())

    @property
    def may_be_large(self) -> bool:
        """Whether the body may have LARGE bytes without its content coding: in gzip any body may."""
        body = self.body
        return isinstance(body, bytes) and (len(body) >= LARGE or (bool(body) and "content-encoding" in self.headers))


class FileRange(Struct, frozen=True):
    """A part of a stored file. digest: which one, by its SHA-256 in hexadecimal. start, stop: as in a slice."""

    digest: str
    start: int
    stop: int


class Response(Struct, frozen=True):
    """One response. content_type is None where there is no body.

    stream: the parts of a body that is not complete, in place of `body`: it has no length unless the headers say one,
    and where an error ends it, the connection is aborted. A response to HEAD has it too, and it is not read.
    file: what becomes the stream when the unit of work has ended.
    """

    status: int
    body: bytes = b""
    content_type: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    stream: AsyncIterator[bytes] | Iterator[bytes] | None = None
    file: FileRange | None = None

    @property
    def is_large(self) -> bool:
        """Whether the body has LARGE bytes."""
        return len(self.body) >= LARGE
