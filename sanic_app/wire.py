"""Sanic's server, with the core's reading of requests: docs/decisions/0006-own-reader.md says why."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from email.utils import formatdate
from functools import lru_cache
from typing import Any

import sanic
from sanic.compat import Header
from sanic.exceptions import RequestTimeout
from sanic.http import Http as SanicHttp
from sanic.http import Stage
from sanic.server import HttpProtocol

from core.http import problems
from core.http.wire.receiving import Incoming
from core.http.wire.times import LINGER, PAUSE, TAKING

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class GoneError(Exception):
    """The client has gone without a request."""


class Http(SanicHttp):
    """Sanic's connection, with requests that the core has read."""

    __slots__ = ("incoming",)

    incoming: Incoming
    protocol: Protocol

    async def http1(self) -> None:
        await super().http1()  # type: ignore[no-untyped-call]
        await self._linger()

    async def http1_request_header(self) -> None:
        self.incoming = incoming = Incoming(self.recv_buffer, int(self.request_max_size))
        try:
            await self._receive(incoming)
        finally:
            self.head_only = incoming.headless
        head = incoming.head
        assert head is not None  # noqa: S101 - it is whole
        self.keep_alive = not incoming.closes
        # Sanic's class is told what it would have found out itself.
        request = self.protocol.request_class(
            url_bytes=head.target.encode("ascii"),
            headers=Header(head.headers),
            head=b"",
            version="1.1",
            method=head.method,
            transport=self.protocol.transport,  # type: ignore[arg-type]
            app=self.protocol.app,
        )
        self.protocol.request_class._current.set(request)  # noqa: SLF001 - as the method that this is instead of
        self.request, request.stream = request, self
        request.body = incoming.body if isinstance(incoming.body, bytes) else b""
        self.protocol.state["requests_count"] += 1

    async def _receive(self, incoming: Incoming) -> None:
        """Read to the end of one request. Errors: Problem; GoneError when there is none."""
        while True:
            whole = incoming.read()
            seen = len(self.recv_buffer)
            if incoming.continues:
                incoming.continues = False
                await self._send(CONTINUE)
            if whole:
                break
            if incoming.late(time.monotonic()):
                raise problems.of_status(408)
            if len(self.recv_buffer) > seen:
                continue
            if self.protocol.ended:
                if not incoming.end():
                    raise GoneError
                break
            await self._receive_more()
        if self.recv_buffer:
            # Whoever sends many requests at once waits for others between them.
            await asyncio.sleep(0)

    async def http1_response_header(self, data: bytes, end_stream: bool) -> None:  # noqa: FBT001 - Sanic's signature
        self.response.headers["server"] = "diptych"
        self.response.headers["date"] = _date(int(time.time()))
        self.keep_alive = self.keep_alive and not self.protocol.signal.stopped
        await super().http1_response_header(data, end_stream)
        await self.protocol.taken()

    async def error_response(self, exception: Exception) -> None:
        if isinstance(exception, GoneError) or (isinstance(exception, RequestTimeout) and not self.incoming.begun):
            self.keep_alive = False
        else:
            await super().error_response(exception)

    async def _linger(self) -> None:
        """Let the client close first."""
        protocol = self.protocol
        transport = protocol.transport
        if transport is None or transport.is_closing() or protocol.ended or not transport.can_write_eof():
            return
        transport.write_eof()
        with suppress(TimeoutError):
            async with asyncio.timeout(LINGER):
                while not protocol.ended:
                    self.recv_buffer.clear()
                    await self._receive_more()


@lru_cache(maxsize=2)
def _date(second: int) -> str:
    return formatdate(second, usegmt=True)


class Protocol(HttpProtocol):
    """Sanic's protocol, for clients that are slow to take an answer, or may have said all that they will."""

    __slots__ = ("ended",)

    HTTP_CLASS = Http

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.ended = False

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)  # type: ignore[no-untyped-call]
        # Whatever the client has not taken is heard of, and not only what is more than 64 KiB.
        transport.set_write_buffer_limits(high=0)

    async def taken(self) -> None:
        """Wait until the client has taken all; one that has taken nothing for a while is cut off."""
        transport: Any = self.transport
        left, until = -1, 0.0
        while not self._can_write.is_set():
            # Sanic's own patience is for requests, and for what answers them.
            self._time = now = time.monotonic()
            if left != transport.get_write_buffer_size():
                left, until = transport.get_write_buffer_size(), now + TAKING
            elif now > until:
                transport.abort()
            with suppress(TimeoutError):
                async with asyncio.timeout(1):
                    await self._can_write.wait()

    def close_if_idle(self) -> bool:
        """Close soon, because the server stops: a request that is on its way already is answered."""
        self.loop.call_later(LINGER, self._close_if_idle)
        self.loop.call_later(PAUSE, self._wait_no_longer)
        return False

    def _close_if_idle(self) -> None:
        if self._can_write.is_set():
            super().close_if_idle()

    def _wait_no_longer(self) -> None:
        """Do without the rest of a request, or without the client's taking the rest of an answer."""
        if self.http is not None and self._task is not None and self.http.stage is Stage.REQUEST:
            self.http.exception = RequestTimeout()
            self._task.cancel()
        elif self.transport is not None and not self._can_write.is_set():
            self.transport.abort()

    def eof_received(self) -> bool:
        """Whether to keep the connection open for an answer."""
        self.ended = True
        self._data_received.set()
        # TLS has no half-closed connections.
        return self.transport is not None and self.transport.get_extra_info("sslcontext") is None

    async def receive_more(self) -> None:
        if not self.ended:
            await super().receive_more()  # type: ignore[no-untyped-call]


class Service(sanic.Sanic[Any, Any]):
    """A Sanic application that is served with this protocol, however it is started."""

    def prepare(self, *arguments: Any, protocol: Any = None, **options: Any) -> None:
        super().prepare(*arguments, protocol=protocol or Protocol, **options)

    async def create_server(self, *arguments: Any, protocol: Any = None, **options: Any) -> Any:
        return await super().create_server(*arguments, protocol=protocol or Protocol, **options)
