"""Sanic's protocol, with the core's reader and writer of HTTP in place of Sanic's."""

from __future__ import annotations

import asyncio
import time
from collections.abc import MutableMapping
from contextlib import suppress
from typing import Any

from sanic.exceptions import RequestCancelled, RequestTimeout
from sanic.helpers import has_message_body
from sanic.http import Http as SanicHttp
from sanic.http import Stage
from sanic.response import BaseHTTPResponse
from sanic.server import HttpProtocol

from diptych.core.http import problems
from diptych.core.http.buffers import Buffer, Direction
from diptych.core.http.wire.request_head import Head
from diptych.core.http.wire.request_reader import RequestReader
from diptych.core.http.wire.response_writer import SERVER, chunk, date, message
from diptych.core.http.wire.send_queue import patience, unacknowledged
from diptych.core.http.wire.timeouts import LINGER_TIMEOUT, WRITE_TIMEOUT
from diptych.sanic_app.server.connection_reset import reset
from diptych.sanic_app.server.response import CoreResponse

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class GoneError(Exception):
    """The client has disconnected without a request."""


class Http(SanicHttp):
    """Sanic's HTTP connection, reading requests with the core's RequestReader."""

    __slots__ = ("incoming",)

    incoming: RequestReader
    protocol: Protocol

    def close_request(self) -> None:
        """Delete the file that the last request has brought, if it has."""
        if hasattr(self, "incoming"):
            self.incoming.close()

    async def http1(self) -> None:
        while True:
            try:
                await super().http1()  # type: ignore[no-untyped-call]
            except asyncio.CancelledError:
                # Raised at the keep-alive timeout, when the next request may just have arrived.
                if self.stage is not Stage.IDLE or self.protocol.gone:
                    raise
                if self.recv_buffer:
                    continue
            break
        await self._linger()

    async def http1_request_header(self) -> None:
        self.close_request()
        context = self.protocol.app.ctx
        self.incoming = incoming = RequestReader(self.recv_buffer, context.body_limits, context.hosts)
        try:
            await self._receive(incoming)
        finally:
            self.head_only = incoming.is_head_request
            if incoming.head is not None:
                self._take(incoming, incoming.head)
        self.keep_alive = not incoming.closes
        self.protocol.state["requests_count"] += 1

    def _take(self, incoming: RequestReader, head: Head) -> None:
        """Build Sanic's request from a head that the core has parsed."""
        request = self.protocol.request_class(
            url_bytes=head.target.encode("ascii"),
            headers=head.headers,  # type: ignore[arg-type]  # it makes its own of any mapping
            head=b"",
            version="1.1",
            method=head.method,
            transport=self.protocol.transport,  # type: ignore[arg-type]
            app=self.protocol.app,
        )
        self.protocol.buffer.headers = head.headers
        self.protocol.request_class._current.set(request)  # noqa: SLF001 - as the method that this is instead of
        self.request, request.stream = request, self
        request.body = incoming.body if isinstance(incoming.body, bytes) else b""

    async def _receive(self, incoming: RequestReader) -> None:
        """Read one complete request. Errors: Problem; GoneError when there is none."""
        while True:
            whole = incoming.read()
            if incoming.unadmitted:
                await self._admit(incoming)
                continue
            seen = len(self.recv_buffer)
            if incoming.continues:
                incoming.continues = False
                await self.protocol.send(CONTINUE)  # type: ignore[no-untyped-call]
            if whole or not self._keeps(incoming):
                break
            if incoming.timed_out(time.monotonic()):
                raise problems.of_status(408)
            if len(self.recv_buffer) > seen:
                continue
            if self.protocol.ended:
                if not incoming.end():
                    raise GoneError
                break
            await self.protocol.receive_more()
        if self.recv_buffer:
            # Yield between pipelined requests, so that other connections get their turn.
            await asyncio.sleep(0)

    async def _admit(self, incoming: RequestReader) -> None:
        """Look whether the request will be refused before its file is received. Errors: GoneError."""
        client = self.protocol.conn_info.client_ip if self.protocol.conn_info else ""
        # As for a handler: the time for a request is for what the client sends.
        self.stage = Stage.HANDLER
        try:
            incoming.admit(await self.protocol.app.ctx.admit(self, incoming.head, client))
        finally:
            self.stage = Stage.REQUEST
            self.protocol.heard()
        if self.protocol.gone:
            raise GoneError

    def _keeps(self, incoming: RequestReader) -> bool:
        """Keep what has been received; return False, having given the request up, where there is no room."""
        buffer, spool = self.protocol.buffer, self.protocol.spool
        if incoming.head is not None:
            buffer.headers = spool.headers = incoming.head.headers
        if buffer.keep(len(self.recv_buffer) + incoming.received, Direction.REQUEST) and spool.keep(
            incoming.spooled, Direction.REQUEST
        ):
            return True
        incoming.give_up()
        return False

    async def http1_response_header(self, data: bytes, end_stream: bool) -> None:  # noqa: FBT001 - Sanic's signature
        if self.protocol.transport is None:
            # The server is stopping and has closed the connection.
            raise RequestCancelled
        response = self.response
        headers = response.fields if isinstance(response, CoreResponse) and response.untouched else response.headers
        headers["server"] = SERVER
        headers["date"] = date()
        self.keep_alive = self.keep_alive and not self.protocol.signal.stopped
        whole = self._whole(response, headers) if end_stream and not data else None
        if isinstance(response, CoreResponse) and response.in_parts and not end_stream:
            await self._begin(response, headers)
        elif whole is None:
            await super().http1_response_header(data, end_stream)
        else:
            self.response_func: Any = None
            await self.protocol.send(whole)  # type: ignore[no-untyped-call]
            self.stage = Stage.IDLE
        await self.protocol.taken(self.incoming.arrived + self.protocol.app.ctx.settings.request_timeout)

    async def _begin(self, response: CoreResponse, headers: MutableMapping[str, Any]) -> None:
        """Send the head of a response in parts."""
        headers["content-type"] = response.content_type
        headers["connection"] = "keep-alive" if self.keep_alive else "close"
        if not (self._is_old or self.head_only or response.is_sized):
            headers["transfer-encoding"] = "chunked"
        self.response_func = self._part
        await self.protocol.send(message(response.status, headers.items(), b""))  # type: ignore[no-untyped-call]
        self.stage = Stage.RESPONSE

    async def _part(self, data: bytes, end_stream: bool) -> None:  # noqa: FBT001 - Sanic's signature
        """Send a part of a body, or its end."""
        parts = [data] * bool(data) + [b""] * end_stream
        latest = time.monotonic() + self.protocol.patience()
        is_raw = self._is_old or (isinstance(self.response, CoreResponse) and self.response.is_sized)
        sent = data if is_raw else b"".join(map(chunk, parts))
        if sent and not self.head_only:
            await self.protocol.send(sent)  # type: ignore[no-untyped-call]
        if end_stream:
            self.response_func, self.stage = None, Stage.IDLE
        await self.protocol.taken(latest)

    @property
    def _is_old(self) -> bool:
        """Whether the client speaks HTTP/1.0, for which the end of the connection ends a body in parts."""
        return self.incoming.head is not None and self.incoming.head.old

    def _whole(self, response: BaseHTTPResponse, headers: MutableMapping[str, Any]) -> bytes | None:
        """Serialize a complete response; None for one that is not like the core's.

        Sanic would validate and append each field by itself.
        """
        body = response.body or b""
        if response.status < 200 or "content-length" in headers or "transfer-encoding" in headers:
            return None
        if has_message_body(response.status):  # type: ignore[no-untyped-call]
            if response.content_type is not None:
                headers.setdefault("content-type", response.content_type)
            if "Content-Length" not in headers:
                headers["content-length"] = str(len(body))
        elif body:
            return None
        headers["connection"] = "keep-alive" if self.keep_alive else "close"
        with suppress(ValueError):
            return message(response.status, headers.items(), b"" if self.head_only else body)
        return None

    async def error_response(self, exception: Exception) -> None:
        gone = isinstance(exception, (GoneError, RequestCancelled))
        if gone or (isinstance(exception, RequestTimeout) and not self.incoming.begun):
            self.keep_alive = False
        else:
            late = isinstance(exception, RequestTimeout)
            await super().error_response(problems.of_status(408) if late else exception)

    async def _linger(self) -> None:
        """Let the client close first (a lingering close)."""
        protocol = self.protocol
        transport = protocol.transport
        if transport is None or transport.is_closing() or protocol.ended or not transport.can_write_eof():
            return
        transport.write_eof()
        with suppress(TimeoutError):
            async with asyncio.timeout(LINGER_TIMEOUT):
                while not protocol.ended:
                    self.recv_buffer.clear()
                    await self.protocol.receive_more()


class Protocol(HttpProtocol):
    """Sanic's protocol, for clients that read slowly, or that have closed their sending half."""

    __slots__ = ("_heard", "_writable", "buffer", "ended", "spool", "working")

    HTTP_CLASS = Http

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._heard = asyncio.Event()
        self._writable = asyncio.Event()
        self._writable.set()
        self.ended = False
        self.working = False
        """Whether the current work must finish even if the client disconnects: see concurrency_limit.py."""

    def connection_lost(self, error: Exception | None) -> None:
        task = self._task
        if self.working:
            # Keep Sanic from cancelling the task.
            self._task = None
        super().connection_lost(error)  # type: ignore[no-untyped-call]
        self._task = task
        self.buffer.release()
        self.spool.release()
        if self.http is not None and not self.working:
            self.http.close_request()

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)  # type: ignore[no-untyped-call]
        client = self.conn_info.client_ip if self.conn_info else ""
        self.buffer, self.spool = Buffer(self.app.ctx.buffers, client), Buffer(self.app.ctx.spools, client)
        # Pause writing at the first byte that is not sent, not only above 64 KiB.
        transport.set_write_buffer_limits(high=0)

    def pause_writing(self) -> None:
        self._writable.clear()
        super().pause_writing()  # type: ignore[no-untyped-call]

    def resume_writing(self) -> None:
        self._writable.set()
        super().resume_writing()  # type: ignore[no-untyped-call]

    def patience(self) -> float:
        """Return how long the client may take for the next part of a response."""
        seconds: float = max(self.app.ctx.settings.request_timeout, WRITE_TIMEOUT)
        return seconds if self.transport is None else patience(self.transport.get_extra_info("socket"), seconds)

    async def taken(self, latest: float) -> None:
        """Wait until the response is sent; abort the connection where the client reads too slowly, or there is no room.

        latest: until when (monotonic) the client has time for all of it, if that is later than in WRITE_TIMEOUT. It
        may pause for that long.
        """
        transport: Any = self.transport
        connection = transport.get_extra_info("socket")
        left, until = -1, 0.0
        latest = max(latest, time.monotonic() + WRITE_TIMEOUT)
        while not self._writable.is_set():
            # Keep Sanic's response timeout, which is for handlers, from firing.
            self._time = now = time.monotonic()
            unsent = transport.get_write_buffer_size()
            if left != unsent + unacknowledged(connection):
                left, until = unsent + unacknowledged(connection), min(now + WRITE_TIMEOUT, latest)
            if now > until or not self.buffer.keep(unsent, Direction.RESPONSE):
                reset(transport)
            with suppress(TimeoutError):
                async with asyncio.timeout(1):
                    await self._writable.wait()
        self.buffer.release()

    @property
    def gone(self) -> bool:
        """Whether the connection is closed."""
        return self.conn_info is None or self.conn_info.lost

    def close_if_idle(self) -> bool:
        """Close an idle connection at shutdown only after its keep-alive timeout, when no proxy uses it any more."""
        self.loop.call_later(self.keep_alive_timeout, self._wait_no_longer)
        return False

    def _wait_no_longer(self) -> None:
        """Stop waiting for a request."""
        if self.http is not None and self._task is not None and self.http.stage is Stage.IDLE:
            self._task.cancel()

    def eof_received(self) -> bool:
        """Return whether to keep the connection open for a response."""
        self.ended = True
        self._heard.set()
        # TLS has no half-closed connections.
        return self.transport is not None and self.transport.get_extra_info("sslcontext") is None

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._heard.set()

    def heard(self) -> None:
        """Begin the time anew for which a client may pause."""
        self._time = time.monotonic()

    async def receive_more(self) -> None:
        transport: Any = self.transport
        if not self.ended:
            transport.resume_reading()
            self._heard.clear()
            await self._heard.wait()
