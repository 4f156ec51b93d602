"""gunicorn's threads, with the core's reading of requests: docs/decisions/0006-own-reader.md says why."""

from __future__ import annotations

import io
import os
import selectors
import socket
import sys
import time
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from itertools import takewhile
from typing import Any

from gunicorn import sock, util
from gunicorn.arbiter import Arbiter
from gunicorn.http import message as gunicorn_message
from gunicorn.http import parser, wsgi
from gunicorn.workers import gthread

from diptych.core import listener_shutdown
from diptych.core.gc_tuning import freeze_gc
from diptych.core.http import problems
from diptych.core.http.problems import Problem
from diptych.core.http.request_response import BodyError, Response
from diptych.core.http.wire.request_reader import RequestReader
from diptych.core.http.wire.response_writer import SERVER, date, message
from diptych.core.http.wire.timeouts import KEEPALIVE_TIMEOUT, LINGER_TIMEOUT, WRITE_TIMEOUT
from diptych.core.sync.application import Application

# gunicorn has no setting for it. Both servers say the same, and nothing about which of them it is.
wsgi.SERVER = SERVER

# gunicorn would put it together anew for each answer.
util.http_date = date

# Nor for this. A worker that stops would close what waits sooner than others do, and than a proxy expects.
gthread.STOP_KEEPALIVE_LINGER = KEEPALIVE_TIMEOUT

_close_sockets = sock.close_sockets


def _refuse_and_close(listeners: list[sock.BaseSocket], unlink: bool = True) -> None:  # noqa: FBT001, FBT002 - gunicorn's signature
    """What the master does first when it stops, before it tells its workers. Without unlink, others go on listening."""
    if unlink:
        for listener in listeners:
            listener_shutdown.refuse(listener.sock)
    _close_sockets(listeners, unlink)


# gunicorn has no hook for it either.
sock.close_sockets = _refuse_and_close

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
RECV_SIZE = 65536

WRITE_PENDING = object()
"""What becomes of a connection whose client has not taken all of its answers."""


ACCEPT_YIELD = 0.00005
"""Seconds that another worker has, to take the next connection: less than any of them waits for its first answer."""


class Content(io.BytesIO):
    """A body as `wsgi.input`, or why there is none, and when it was there."""

    def __init__(self, body: bytes | BodyError, arrived: float) -> None:
        super().__init__(body if isinstance(body, bytes) else b"")
        self.body_error = body if isinstance(body, BodyError) else None
        self.arrived = arrived


class Request(gunicorn_message.Request):  # type: ignore[misc]
    """gunicorn's request, made of one that the core has read."""

    def __init__(self, incoming: RequestReader, arrived: float, *arguments: Any) -> None:
        self._incoming = incoming
        self._arrived = arrived
        super().__init__(*arguments)

    def parse(self, unreader: Any) -> bytes:  # noqa: ARG002 - gunicorn's signature
        head = self._incoming.head
        assert head is not None  # noqa: S101 - it is whole
        self.method, self.uri = head.method, head.target
        self.path, _, self.query = head.target.partition("?")
        # The version of the answer, too: whatever was asked, HTTP/1.1 is answered (RFC 9110 section 6.2).
        self.version = (1, 1)
        self.headers = [(name.upper(), value) for name, value in head.headers.items()]
        self.must_close = self._incoming.closes
        return b""

    def set_body_reader(self) -> None:
        self.body = Content(self._incoming.body, self._arrived)

    def should_close(self) -> bool:
        return bool(self.must_close)


class BufferedSocket(socket.socket):
    """A client's socket that nobody waits for: what the client does not take is kept until it does."""

    def __init__(self, other: socket.socket) -> None:
        super().__init__(other.family, other.type, other.proto, other.detach())
        super().setblocking(False)
        self._kept = bytearray()

    def setblocking(self, flag: bool, /) -> None:  # noqa: FBT001 - a socket's signature
        """Nothing: gunicorn would have its threads wait."""

    def sendall(self, data: Any, flags: int = 0, /) -> None:  # noqa: ARG002 - a socket's signature
        """Keep the data, to be sent with what belongs to it."""
        self._kept += data

    def flush(self) -> bool:
        """Send what is kept, as far as the client takes it; whether that was all. Errors: OSError."""
        with suppress(BlockingIOError):
            while self._kept:
                del self._kept[: self.send(self._kept)]
        return not self._kept


class Parser(parser.RequestParser):  # type: ignore[misc]
    """The requests of one connection, read without waiting for any of them."""

    def __init__(self, cfg: Any, connection: gthread.TConn, limit: int) -> None:
        super().__init__(cfg, connection.sock, connection.client)
        self._outlet: BufferedSocket = connection.sock
        self._limit = limit
        self._until: float | None = None
        self.data = bytearray()
        self.incoming = RequestReader(self.data, limit)
        self.expired = False
        """Whether the client has had its time for another request."""
        self.ended = False
        """Whether the last answer has been given."""
        self.arrived = 0.0
        """When what is read now was there, and began to wait for a thread."""

    def receive(self) -> bool | None:
        """Take what has come: whether a request is whole, or None when there will be none. Errors: Problem, OSError."""
        while True:
            whole = self.incoming.read()
            if self.incoming.continues:
                self.incoming.continues = False
                self._outlet.sendall(CONTINUE)
                self._outlet.flush()
            if whole:
                return True
            if self.incoming.timed_out(time.monotonic()):
                raise problems.of_status(408)
            try:
                data = self._outlet.recv(RECV_SIZE)
            except BlockingIOError:
                return False
            if not data:
                return self.incoming.end() or None
            self.data += data

    def __next__(self) -> Request:
        incoming, self.incoming = self.incoming, RequestReader(self.data, self._limit)
        self.req_count += 1
        self.expired = False
        self.mesg = Request(incoming, self.arrived, self.cfg, self.unreader, self.source_addr, self.req_count)
        return self.mesg

    def finish_body(self, deadline: float | None = None, max_bytes: int | None = None) -> bool:  # noqa: ARG002
        return True

    def lingers(self, now: float) -> bool:
        """Whether the client has time to close first."""
        return self._until is not None and now < self._until

    def gone(self) -> bool:
        """Whether the client has closed, or has had its time. Errors: OSError."""
        now = time.monotonic()
        if self._until is None:
            self._until = now + LINGER_TIMEOUT
            self._outlet.shutdown(socket.SHUT_WR)
        with suppress(BlockingIOError):
            while now < self._until and self._outlet.recv(RECV_SIZE):
                now = time.monotonic()
            return True
        return False


class Worker(gthread.ThreadWorker):  # type: ignore[misc]
    """Threads are for whole requests: what is still coming, or not yet taken, or does not go, waits without one."""

    application: Application

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._write_deadlines: dict[gthread.TConn, float] = {}
        """Connections whose clients have to take more of an answer -> until when."""
        self._stopping: float | None = None
        """Since when the worker stops."""

    @classmethod
    def check_config(cls, cfg: Any, log: Any) -> None:
        super().check_config(cfg, log)
        if cfg.is_ssl:
            raise SystemExit("diptych: gunicorn's own TLS is not served; end it in front of gunicorn")

    def load_wsgi(self) -> None:
        super().load_wsgi()
        application = getattr(self.wsgi, "extensions", {}).get("diptych")
        if application is None:
            print(
                "diptych: diptych.flask_app.gunicorn_worker.Worker serves what diptych.flask_app.create_app() makes; "
                "for another application choose gunicorn's gthread",
                file=sys.stderr,
            )
            raise SystemExit(Arbiter.WORKER_BOOT_ERROR)
        self.application = application
        freeze_gc()

    def run(self) -> None:
        super().run()
        self.application.close()

    def is_parent_alive(self) -> bool:
        found = bool(super().is_parent_alive())
        self.alive: bool = found and self.alive
        return found

    def set_accept_enabled(self, enabled: bool) -> None:  # noqa: FBT001 - gunicorn's signature
        if self.alive:
            super().set_accept_enabled(enabled)
            return
        # Whoever had begun to connect when the master refused everybody else gets through; the master may hear a moment
        # later than its workers that they are to stop.
        until = time.monotonic() + 2 * listener_shutdown.SETTLE_SECONDS
        while (left := until - time.monotonic()) > 0:
            self.wait_for_and_dispatch_events(left)
        super().set_accept_enabled(enabled)
        # The kernel has taken connections for this socket that nobody has accepted. The last process to close it would
        # have them reset.
        for listener in self.sockets:
            taken = -1
            while taken != self.nr_conns:
                taken = self.nr_conns
                self.accept(listener)
            listener.close()

    def accept(self, listener: sock.BaseSocket) -> None:
        """Accept a connection, and leave the next to another worker that has time for it.

        Who wakes first would take all of those that come at once, and keep them: clients reuse connections.
        """
        before = self.nr_conns
        super().accept(listener)
        if self.alive and self.nr_conns > before:
            time.sleep(ACCEPT_YIELD)

    def enqueue_req(self, conn: gthread.TConn) -> None:
        conn.arrived = time.monotonic()
        super().enqueue_req(conn)

    def handle(self, conn: gthread.TConn) -> Any:
        """Do what can be done for a connection now, in a thread; what is to become of it then."""
        if conn.parser is None:
            conn.sock = BufferedSocket(conn.sock)
            conn.parser = Parser(self.cfg, conn, self.application.settings.max_body_bytes)
            conn.initialized = True
        conn.parser.arrived = conn.arrived
        try:
            return self._advance(conn, conn.parser)
        except OSError:
            return False

    def _advance(self, conn: gthread.TConn, parser: Parser) -> Any:
        if not conn.sock.flush():
            return WRITE_PENDING
        if not parser.ended:
            try:
                whole = parser.receive()
                if whole is False and (parser.incoming.begun or not parser.expired):
                    return gthread._DEFER  # noqa: SLF001 - what it does with a connection that sends nothing
                parser.ended = not (whole and super().handle(conn))
            except Problem as problem:
                self._refuse(conn, problem)
            if not conn.sock.flush():
                return WRITE_PENDING
            if not parser.ended:
                return True
        return False if parser.gone() else gthread._DEFER  # noqa: SLF001 - as above

    def finish_request(self, conn: gthread.TConn, fs: Future[Any]) -> None:
        error = None if fs.cancelled() else fs.exception()
        if error is not None:
            self.log.error("Unexpected error on a connection", exc_info=error)
        if fs.cancelled() or error is not None or fs.result() is False:
            # gunicorn would wait here for the client to go, and everybody with it. `handle` has seen to that.
            self._drop(conn)
        elif fs.result() is gthread._DEFER:  # noqa: SLF001 - as above
            # As gunicorn's own, in a worker that stops as well.
            conn.timeout = time.monotonic() + KEEPALIVE_TIMEOUT
            self.pending_conns.append(conn)
            self.poller.register(conn.sock, selectors.EVENT_READ, partial(self.on_pending_socket_readable, conn))
        elif fs.result() is WRITE_PENDING:
            self._write_deadlines[conn] = time.monotonic() + WRITE_TIMEOUT
            self.poller.register(conn.sock, selectors.EVENT_WRITE, partial(self._take, conn))
        elif fs.result() is True and conn.parser.data:
            self.enqueue_req(conn)
        else:
            super().finish_request(conn, fs)

    def _take(self, conn: gthread.TConn, _: Any) -> None:
        """The client takes more."""
        self._write_deadlines[conn] = time.monotonic() + WRITE_TIMEOUT
        try:
            if conn.sock.flush():
                self._watch_no_longer(conn)
                self.enqueue_req(conn)
        except OSError:
            self._watch_no_longer(conn)
            self._drop(conn)

    def _watch_no_longer(self, conn: gthread.TConn) -> None:
        del self._write_deadlines[conn]
        self.poller.unregister(conn.sock)

    def _drop(self, conn: gthread.TConn) -> None:
        self.nr_conns -= 1
        conn.close()

    def murder_keepalived(self, force: bool = False) -> None:  # noqa: FBT001, FBT002 - gunicorn's signature
        now = time.monotonic()
        while self.keepalived_conns and (force or self.keepalived_conns[0].timeout <= now):
            conn = self.keepalived_conns.popleft()
            self.poller.unregister(conn.sock)
            if force:
                self._drop(conn)
            else:
                self._expire(conn)

    def murder_pending(self) -> None:
        now = time.monotonic()
        if not self.alive and self._stopping is None:
            self._stopping = now
        for conn in list(takewhile(lambda conn: conn.timeout <= now, self.pending_conns)):
            if conn.parser.lingers(now):
                continue
            self.pending_conns.remove(conn)
            self.poller.unregister(conn.sock)
            if conn.parser.ended:
                self._drop(conn)
            elif conn.parser.incoming.begun:
                self._refuse(conn, problems.of_status(408))
                self.enqueue_req(conn)
            else:
                self._expire(conn)
        for conn in [conn for conn, until in self._write_deadlines.items() if until <= now]:
            self._watch_no_longer(conn)
            self._drop(conn)
        # The master would kill a moment later.
        if self._stopping is not None and self._stopping + self.cfg.graceful_timeout - 1 <= now:
            self._cut_off()

    def _expire(self, conn: gthread.TConn) -> None:
        """End a connection that waits for a request, unless there is one by now."""
        conn.parser.expired = True
        self.enqueue_req(conn)

    def _cut_off(self) -> None:
        """End now, whatever is in flight: Python itself would wait for its threads."""
        self.log.warning("Ended with %d connections in flight", self.nr_conns)
        self.application.close()
        os._exit(0)

    def handle_error(self, req: Any, client: socket.socket, addr: Any, exc: Exception) -> None:  # noqa: ARG002
        method = "" if req is None else req.method
        headers = {} if req is None else {name.lower(): value for name, value in req.headers}
        client.sendall(_message(self.application.fail(exc, method, headers), is_head_request=method == "HEAD"))

    def _refuse(self, conn: gthread.TConn, problem: Problem) -> None:
        """Give the last answer."""
        conn.parser.ended = True
        head, is_head_request = conn.parser.incoming.head, conn.parser.incoming.is_head_request
        # Only the rest of a body can be missing where there is a head.
        method, headers = (head.method, head.headers) if head else ("HEAD" if is_head_request else "", {})
        response = self.application.refuse(problem, method, headers)
        conn.sock.sendall(_message(response, is_head_request=is_head_request))


def _message(response: Response, *, is_head_request: bool) -> bytes:
    headers = {
        "Server": SERVER,
        "Date": date(),
        "Connection": "close",
        "Content-Type": response.content_type,
        "Content-Length": len(response.body),
        **response.headers,
    }
    return message(response.status, headers.items(), b"" if is_head_request else response.body)
