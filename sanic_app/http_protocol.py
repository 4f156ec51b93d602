"""Sanic's server, with the core's reading of requests: docs/decisions/0006-own-reader.md says why."""

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
"""Connections that the kernel keeps until a worker has time for them: as many as gunicorn's."""

STOP_STATE_POLLS = 10
"""Times that a worker asks why it is to stop. An init that tells all processes does so before the main one knows."""

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class CoreResponse(sanic.HTTPResponse):
    """A response of the core's. fields: of its head, as long as nobody has asked for what Sanic makes of them."""

    __slots__ = ("_headers", "fields")

    def __init__(self, response: Response) -> None:
        # Sanic's own would make them twice.
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
        """The fields as any response of Sanic's has them."""
        if self._headers is None:
            self._headers = Header(self.fields)
        return self._headers

    @headers.setter
    def headers(self, headers: Header) -> None:
        self._headers = headers

    @property
    def untouched(self) -> bool:
        """Whether they can only be the core's."""
        return self._headers is None


class GoneError(Exception):
    """The client has gone without a request."""


class Http(SanicHttp):
    """Sanic's connection, with requests that the core has read."""

    __slots__ = ("incoming",)

    incoming: RequestReader
    protocol: Protocol

    async def http1(self) -> None:
        while True:
            try:
                await super().http1()  # type: ignore[no-untyped-call]
            except asyncio.CancelledError:
                # Raised here where the client has had its time for another request, which may be there by now.
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
        """Tell Sanic's class of request what it would have found out itself."""
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
        """Read to the end of one request. Errors: Problem; GoneError when there is none."""
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
            # Whoever sends many requests at once waits for others between them.
            await asyncio.sleep(0)

    async def http1_response_header(self, data: bytes, end_stream: bool) -> None:  # noqa: FBT001 - Sanic's signature
        if self.protocol.transport is None:
            # The server stops, and waits for nobody any more.
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
        """The message of an answer that is all there; None for one that is not like the core's.

        Sanic would look at each field's characters, and put it to the others.
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
        """Let the client close first."""
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
    """Sanic's protocol, for clients that are slow to take an answer, or may have said all that they will."""

    __slots__ = ("ended", "working")

    HTTP_CLASS = Http

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.ended = False
        self.working = False
        """Whether what is done now is done to its end: diptych.sanic_app.concurrency_limit."""

    def connection_lost(self, error: Exception | None) -> None:
        task = self._task
        if self.working:
            # Sanic would cancel it.
            self._task = None
        super().connection_lost(error)  # type: ignore[no-untyped-call]
        self._task = task

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
                left, until = transport.get_write_buffer_size(), now + WRITE_TIMEOUT
            elif now > until:
                transport.abort()
            with suppress(TimeoutError):
                async with asyncio.timeout(1):
                    await self._can_write.wait()

    @property
    def gone(self) -> bool:
        """Whether the connection is no longer there."""
        return self.conn_info is None or self.conn_info.lost

    def close_if_idle(self) -> bool:
        """Close, because the server stops, what is idle as soon as it would be closed anyway: no proxy uses it then."""
        self.loop.call_later(KEEPALIVE_TIMEOUT, self._wait_no_longer)
        return False

    def _wait_no_longer(self) -> None:
        """Do without a request."""
        if self.http is not None and self._task is not None and self.http.stage is Stage.IDLE:
            self._task.cancel()

    def eof_received(self) -> bool:
        """Whether to keep the connection open for an answer."""
        self.ended = True
        self._data_received.set()
        # TLS has no half-closed connections.
        return self.transport is not None and self.transport.get_extra_info("sslcontext") is None

    async def receive_more(self) -> None:
        if not self.ended:
            await super().receive_more()  # type: ignore[no-untyped-call]


class GracefulSanic(sanic.Sanic[Any, Any]):
    """A Sanic application that is served with this protocol, however it is started, and loses nothing when it stops."""

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
        # Sanic listens once more, with its own idea of how many may wait.
        backlog = options.setdefault("backlog", BACKLOG)
        if sock is None and not unix:
            # Sanic would make it, and keep it to itself.
            sock = bind_socket(*self.get_address(host, port), backlog=backlog)
        super().prepare(host, port, protocol=protocol or Protocol, sock=sock, unix=unix, **options)

    async def create_server(self, *arguments: Any, protocol: Any = None, **options: Any) -> Any:
        return await super().create_server(*arguments, protocol=protocol or Protocol, **options)

    async def _watch(self, _: Any) -> None:
        """Take signals in Sanic's place, in a process of its own. In a loop of someone else's it takes none."""
        loop = asyncio.get_running_loop()
        # While the loop gives one up, it would end the process.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
        taken = [each for each in SIGNALS if loop.remove_signal_handler(each)]
        for each in taken:
            signal.signal(each, partial(self._told, loop))
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        if taken:
            freeze_gc()

    def _told(self, loop: asyncio.AbstractEventLoop, *_: Any) -> None:
        """Tell the loop, once and again: an init signals a whole group, and Sanic's main process each worker."""
        if not loop.is_closed():
            loop.call_soon_threadsafe(self._begin_to_leave, loop)

    def _begin_to_leave(self, loop: asyncio.AbstractEventLoop) -> None:
        # A second stop would end the waiting for what is in flight.
        if not hasattr(self.ctx, "leaving"):
            self.ctx.leaving = loop.create_task(self._leave(loop))
            # An error in it is told by the loop.
            self.ctx.leaving.add_done_callback(asyncio.Task.result)

    async def _leave(self, loop: asyncio.AbstractEventLoop) -> None:
        """Accept whoever is there, then have Sanic stop."""
        try:
            for _ in range(STOP_STATE_POLLS):
                await asyncio.sleep(listener_shutdown.SETTLE_SECONDS)
                if self._all_end():
                    await self._refuse_newcomers(loop)
                    break
        finally:
            self.stop(terminate=False)

    async def _refuse_newcomers(self, loop: asyncio.AbstractEventLoop) -> None:
        """Have nobody connect any more, and wait until all who have are accepted."""
        of_any = [info.settings.get("sock") for info in self.state.server_info]
        listeners: list[socket.socket] = [listener for listener in of_any if listener is not None]
        for listener in listeners:
            listener_shutdown.refuse(listener)
        for _ in range(listener_shutdown.ACCEPT_ROUNDS):
            await asyncio.sleep(listener_shutdown.SETTLE_SECONDS)
            if not any(map(listener_shutdown.waiting, listeners)):
                break
        for listener in listeners:
            # Sanic closes this worker's, and the main process, which serves nobody, has it open for longer.
            loop.call_later(1, listener_shutdown.shut, listener.dup())

    def _all_end(self) -> bool:
        """Whether all workers stop, as far as is known: where one is to be replaced, its successor accepts."""
        if not hasattr(self, "multiplexer"):
            return True
        try:
            return bool(self.m.state["state"] == ProcessState.TERMINATED.name)
        except (OSError, EOFError, KeyError):
            # The process that knows has stopped.
            return True
