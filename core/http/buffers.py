"""A budget for what a process keeps in memory for its clients: bodies that arrive, and responses that are taken."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Mapping
from enum import Enum

from diptych.core.http.client_address import TrustedProxies, bucket_of
from diptych.core.observability import metrics
from diptych.core.settings import BODIES, Settings, parse_list

UNCOUNTED = 65_536
"""Bytes of a connection that are not counted, so that ordinary requests are served however full the buffers are."""

SPOOLS = 256
"""Files that can arrive at a process at the same time; a quarter of them from one client."""

WARN_SECONDS = 60
"""Seconds between two warnings of a process."""

_log = logging.getLogger("diptych")


class Direction(Enum):
    """What is kept for a client."""

    REQUEST = "request"
    RESPONSE = "response"


class Buffers:
    """The buffers of one process, which its event loop manages. One client may have a quarter of them.

    limit: in bytes. least: what is counted for a connection that keeps any, where it is not small ones that are not
    counted. noun: what they are in the log.
    """

    def __init__(self, limit: int, settings: Settings, *, least: int = 0, noun: str = "buffers") -> None:
        self._limit = limit
        self._least = least
        self._noun = noun
        self._proxies = TrustedProxies(parse_list(settings.trusted_proxies))
        self._kept = 0
        self._of: dict[str, int] = {}
        """Bytes by client."""
        self._warned = -math.inf

    def counted(self, size: int) -> int:
        """Return what is counted for a connection that keeps so many bytes."""
        if self._least:
            return max(size, self._least) if size else 0
        return size if size > UNCOUNTED else 0

    def resize(self, buffer: Buffer, size: int, direction: Direction) -> bool:
        """Count a connection's bytes anew; return False, counting none of them, where there is no room for more."""
        before, client = buffer.size, buffer.client_of(self._proxies)
        self._add(buffer.client, -before)
        fits = size <= before or self._fits(client, size, direction)
        buffer.client, buffer.size = client, size if fits else 0
        self._add(client, buffer.size)
        if not fits:
            metrics.metrics().refuse(direction.value)
            self._warn(client, direction)
        return fits

    def _fits(self, client: str, size: int, direction: Direction) -> bool:
        """Return whether there is room. The only response of a client may be larger than its share."""
        kept = self._of.get(client, 0)
        if direction is Direction.RESPONSE and not kept:
            return self._kept <= self._limit
        return self._kept + size <= self._limit and kept + size <= self._limit // BODIES

    def _add(self, client: str, size: int) -> None:
        self._kept += size
        left = self._of.get(client, 0) + size
        if left:
            self._of[client] = left
        else:
            self._of.pop(client, None)

    def _warn(self, client: str, direction: Direction) -> None:
        if time.monotonic() < self._warned + WARN_SECONDS:
            return
        self._warned = time.monotonic()
        _log.warning(
            "%s full: %d of %d bytes are in use, %d by %s; its %s was dropped",
            *(self._noun, self._kept, self._limit, self._of.get(client, 0), client or "a Unix socket", direction.value),
        )


def buffers_of(settings: Settings) -> Buffers:
    """Return the buffers of a process in memory."""
    return Buffers(settings.buffer_limit, settings)


def spools_of(settings: Settings) -> Buffers:
    """Return those of a process in temporary files, for files that arrive: SPOOLS of them at most."""
    return Buffers(settings.spool_limit, settings, least=settings.spool_limit // SPOOLS, noun="spools")


class Buffer:
    """What one connection keeps.

    peer: its address; empty for a Unix socket. headers: of its request, in which a proxy names the client.
    client, size: for whom how many bytes are counted.
    """

    __slots__ = ("_buffers", "_named", "client", "headers", "peer", "size")

    def __init__(self, buffers: Buffers, peer: str) -> None:
        self._buffers, self.peer = buffers, peer
        self.client, self.size = peer, 0
        self.headers: Mapping[str, str] = {}
        self._named: tuple[Mapping[str, str], str] | None = None
        """The headers that named the client last, and its name: a request may arrive in very many pieces."""

    def keep(self, size: int, direction: Direction) -> bool:
        """Keep so many bytes from now on; return False where there is no room, and the connection has to end."""
        counted = self._buffers.counted(size)
        return counted == self.size or self._buffers.resize(self, counted, direction)

    def client_of(self, proxies: TrustedProxies) -> str:
        """Return the client that the headers name."""
        if self._named is None or self._named[0] is not self.headers:
            self._named = self.headers, bucket_of(proxies.client_of(self.peer, self.headers))
        return self._named[1]

    def release(self) -> None:
        """Keep nothing any more."""
        if self.size:
            self._buffers.resize(self, 0, Direction.RESPONSE)
