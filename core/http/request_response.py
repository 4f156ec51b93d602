"""A request and a response, as the adapters hand them over and take them back."""

from __future__ import annotations

import time
from collections.abc import Mapping
from enum import Enum

from msgspec import Struct, field

JSON = "application/json"
MERGE_PATCH = "application/merge-patch+json"


class BodyError(Enum):
    """Why a body is not there."""

    INCOMPLETE = "it ended early, or was not framed as it said"
    TOO_LARGE = "it is larger than it may be"


class Request(Struct, frozen=True):
    """One request, read to its end or as far as it could be.

    prefix: where the catalogue is mounted, without a final slash ("" at the root).
    parameters: the path's, percent-decoded. query: raw, without "?". headers: names in lower case.
    arrived: when it was there, as time.monotonic() tells it; what it waits from then on is part of its time.
    """

    method: str
    prefix: str
    parameters: Mapping[str, str]
    query: str
    headers: Mapping[str, str]
    body: bytes | BodyError
    arrived: float = field(default_factory=time.monotonic)


class Response(Struct, frozen=True):
    """One answer, whole. content_type is None where there is no body."""

    status: int
    body: bytes = b""
    content_type: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
