"""Sanic's HTTP protocol with the core's request reader: docs/decisions/0006-own-reader.md says why."""

from __future__ import annotations

import asyncio
import signal
import socket
import time
from collections.abc import MutableMapping
from contextlib import suppress
from functools import partial
from typing import Any

import sanic
from sanic.compat import Header
from sanic.exceptions import RequestCancelled, RequestTimeout
from sanic.helpers import has_message_body
from sanic.http import Http as SanicHttp
from sanic.http import Stage
from sanic.response import BaseHTTPResponse
from sanic.server import HttpProtocol
from sanic.server.socket import bind_socket
from sanic.worker.constants import ProcessState

from diptych.core import listener_shutdown
from diptych.core.gc_tuning import freeze_gc
from diptych.core.http import problems
from diptych.core.http.request_response import Response
from diptych.core.http.wire.request_head import Head
from diptych.core.http.wire.request_reader import RequestReader
from diptych.core.http.wire.response_writer import SERVER, date, message
from diptych.core.http.wire.timeouts import KEEPALIVE_TIMEOUT, LINGER_TIMEOUT, WRITE_TIMEOUT

SIGNALS = (signal.SIGINT, signal.SIGTERM)
BACKLOG = 2048
"""Length of the accept queue: the same as gunicorn's."""

STOP_STATE_POLLS = 10
"""Times that a worker polls the reason for its stop. An init may signal workers before the main process has set it."""

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class CoreResponse(sanic.HTTPResponse):
    """A response of the core. fields: its headers, as long as nothing has read Sanic's Header of them."""

    __slots__ = ("_headers", "fields")

    def __init__(self, response: Response) -> None:
        # Sanic's own __init__ would build the headers twice.
        self.asgi = False
        self.body = response.body
        self.content_type = response.content_type
        self.stream = None
        self.status = response.status
        self._cookies = None
        self._headers: Header | None = None
        self.fields = dict(response.headers)

    @property
    def headers(self) -> Header:
        """The headers as in any response of Sanic's."""
        if self._headers is None:
            self._headers = Header(self.fields)
        return self._headers

    @headers.setter
    def headers(self, headers: Header) -> None:
        self._headers = headers

    @property
    def untouched(self) -> bool:
        """Whether the headers are exactly the core's."""
        return self._headers is None


class GoneError(Exception):
    """The client has disconnected without a request."""


class Http(SanicHttp):
    """Sanic's HTTP connection, reading requests with the core's RequestReader."""

    __slots__ = ("incoming",)

    incoming: RequestReader
    protocol: Protocol

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
        self.incoming = incoming = RequestReader(self.recv_buffer, int(self.request_max_size))
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
        self.protocol.request_class._current.set(request)  # noqa: SLF001 - as the method that this is instead of
        self.request, request.stream = request, self
        request.body = incoming.body if isinstance(incoming.body, bytes) else b""

    async def _receive(self, incoming: RequestReader) -> None:
        """Read one complete request. Errors: Problem; GoneError when there is none."""
        while True:
            whole = incoming.read()
            seen = len(self.recv_buffer)
            if incoming.continues:
                incoming.continues = False
                await self._send(CONTINUE)
            if whole:
                break
            if incoming.timed_out(time.monotonic()):
                raise problems.of_status(408)
            if len(self.recv_buffer) > seen:
                continue
            if self.protocol.ended:
                if not incoming.end():
                    raise GoneError
                break
            await self._receive_more()
        if self.recv_buffer:
            # Yield between pipelined requests, so that other connections get their turn.
            await asyncio.sleep(0)

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
        if whole is None:
            await super().http1_response_header(data, end_stream)
        else:
            self.response_func: Any = None
            await self._send(whole)
            self.stage = Stage.IDLE
        await self.protocol.taken()

    def _whole(self, response: BaseHTTPResponse, headers: MutableMapping[str, Any]) -> bytes | None:
        """Serialize a complete response; None for one that is not like the core's.

        Sanic would validate and append each field by itself.
        """
        body = response.body or b""
        if response.status < 200 or "content-length" in headers or "transfer-encoding" in headers:
            return None
        if has_message_body(response.status):  # type: ignore[no-untyped-call]
            headers.setdefault("content-type", response.content_type)
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
                    await self._receive_more()


class Protocol(HttpProtocol):
    """Sanic's protocol, for clients that read slowly, or that have closed their sending half."""

    __slots__ = ("ended", "working")

    HTTP_CLASS = Http

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.ended = False
        self.working = False
        """Whether the current work must finish even if the client disconnects: diptych.sanic_app.concurrency_limit."""

    def connection_lost(self, error: Exception | None) -> None:
        task = self._task
        if self.working:
            # Keep Sanic from cancelling the task.
            self._task = None
        super().connection_lost(error)  # type: ignore[no-untyped-call]
        self._task = task

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)  # type: ignore[no-untyped-call]
        # Pause writing at the first byte that is not sent, not only above 64 KiB.
        transport.set_write_buffer_limits(high=0)

    async def taken(self) -> None:
        """Wait until the response is sent; abort the connection when the client reads nothing for WRITE_TIMEOUT."""
        transport: Any = self.transport
        left, until = -1, 0.0
        while not self._can_write.is_set():
            # Keep Sanic's response timeout, which is for handlers, from firing.
            self._time = now = time.monotonic()
            if left != transport.get_write_buffer_size():
                left, until = transport.get_write_buffer_size(), now + WRITE_TIMEOUT
            elif now > until:
                transport.abort()
            with suppress(TimeoutError):
                async with asyncio.timeout(1):
                    await self._can_write.wait()

    @property
    def gone(self) -> bool:
        """Whether the connection is closed."""
        return self.conn_info is None or self.conn_info.lost

    def close_if_idle(self) -> bool:
        """Close an idle connection at shutdown only after its keep-alive timeout, when no proxy uses it any more."""
        self.loop.call_later(KEEPALIVE_TIMEOUT, self._wait_no_longer)
        return False

    def _wait_no_longer(self) -> None:
        """Stop waiting for a request."""
        if self.http is not None and self._task is not None and self.http.stage is Stage.IDLE:
            self._task.cancel()

    def eof_received(self) -> bool:
        """Return whether to keep the connection open for a response."""
        self.ended = True
        self._data_received.set()
        # TLS has no half-closed connections.
        return self.transport is not None and self.transport.get_extra_info("sslcontext") is None

    async def receive_more(self) -> None:
        if not self.ended:
            await super().receive_more()  # type: ignore[no-untyped-call]


class GracefulSanic(sanic.Sanic[Any, Any]):
    """A Sanic application that always uses this protocol, and loses no request when it stops."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.after_server_start(self._watch)

    def prepare(
        self,
        host: str | None = None,
        port: int | None = None,
        *,
        protocol: Any = None,
        sock: socket.socket | None = None,
        unix: str | None = None,
        **options: Any,
    ) -> None:
        # Sanic calls listen() again, with its own backlog.
        backlog = options.setdefault("backlog", BACKLOG)
        if sock is None and not unix:
            # Sanic would create the socket without keeping a reference that is reachable from here.
            sock = bind_socket(*self.get_address(host, port), backlog=backlog)
        super().prepare(host, port, protocol=protocol or Protocol, sock=sock, unix=unix, **options)

    async def create_server(self, *arguments: Any, protocol: Any = None, **options: Any) -> Any:
        return await super().create_server(*arguments, protocol=protocol or Protocol, **options)

    async def _watch(self, _: Any) -> None:
        """Handle signals instead of Sanic, in a process of its own. In another application's loop, change nothing."""
        loop = asyncio.get_running_loop()
        # Between removing the loop's handler and setting ours, a signal would kill the process.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
        taken = [each for each in SIGNALS if loop.remove_signal_handler(each)]
        for each in taken:
            signal.signal(each, partial(self._on_signal, loop))
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        if taken:
            freeze_gc()

    def _on_signal(self, loop: asyncio.AbstractEventLoop, *_: Any) -> None:
        """Begin to stop; called twice when both an init and Sanic's main process signal this worker."""
        if not loop.is_closed():
            loop.call_soon_threadsafe(self._begin_to_leave, loop)

    def _begin_to_leave(self, loop: asyncio.AbstractEventLoop) -> None:
        # A second stop would cut off the requests in flight.
        if not hasattr(self.ctx, "leaving"):
            self.ctx.leaving = loop.create_task(self._leave(loop))
            # An exception in the task is reported by the loop.
            self.ctx.leaving.add_done_callback(asyncio.Task.result)

    async def _leave(self, loop: asyncio.AbstractEventLoop) -> None:
        """Drain the accept queue, then have Sanic stop."""
        try:
            for _ in range(STOP_STATE_POLLS):
                await asyncio.sleep(listener_shutdown.SETTLE_SECONDS)
                if self._all_end():
                    await self._refuse_newcomers(loop)
                    break
        finally:
            self.stop(terminate=False)

    async def _refuse_newcomers(self, loop: asyncio.AbstractEventLoop) -> None:
        """Drop new connections, and wait until the accept queue is empty."""
        of_any = [info.settings.get("sock") for info in self.state.server_info]
        listeners: list[socket.socket] = [listener for listener in of_any if listener is not None]
        for listener in listeners:
            listener_shutdown.refuse(listener)
        for _ in range(listener_shutdown.ACCEPT_ROUNDS):
            await asyncio.sleep(listener_shutdown.SETTLE_SECONDS)
            if not any(map(listener_shutdown.waiting, listeners)):
                break
        for listener in listeners:
            # Sanic closes the worker's socket; the main process, which serves no requests, keeps it open for longer.
            loop.call_later(1, listener_shutdown.shut, listener.dup())

    def _all_end(self) -> bool:
        """Return whether all workers are stopping; a worker that is replaced leaves the queue to its successor."""
        if not hasattr(self, "multiplexer"):
            return True
        try:
            return bool(self.m.state["state"] == ProcessState.TERMINATED.name)
        except (OSError, EOFError, KeyError):
            # The process that keeps the states has ended.
            return True
