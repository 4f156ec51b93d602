"""A gunicorn worker with one event loop for all connections, and threads for complete requests."""

from __future__ import annotations

import math
import os
import selectors
import sys
import time
from collections import deque
from contextlib import suppress
from functools import partial
from typing import Any

from gunicorn.arbiter import Arbiter
from gunicorn.workers import base

from diptych.core import listener_shutdown
from diptych.core.errors import ResponseAborted
from diptych.core.http import problems
from diptych.core.http.buffers import buffers_of, spools_of
from diptych.core.http.lanes import Lane, lane_of
from diptych.core.http.problems import Problem
from diptych.core.http.request_response import Response
from diptych.core.http.wire.allowed_hosts import allowed_hosts
from diptych.core.http.wire.request_head import Head
from diptych.core.http.wire.response_writer import chunk
from diptych.core.http.wire.send_queue import patience
from diptych.core.http.wire.timeouts import LINGER_TIMEOUT, WRITE_TIMEOUT
from diptych.core.sync.application import Application
from diptych.core.tuning.accept_yield import accept_yield
from diptych.core.tuning.garbage_collection import freeze_gc
from diptych.flask_app.server import wsgi
from diptych.flask_app.server.connection import Connection, Limits
from diptych.flask_app.server.parts import Parts
from diptych.flask_app.server.request_queues import RequestQueues

TICK = 0.5
"""Seconds between two checks of the connections' deadlines, and of whether gunicorn's master still runs."""


class Worker(base.Worker):  # type: ignore[misc]
    """A worker whose threads run complete requests only: a slow client costs a connection, never a thread."""

    application: Application

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._poller: selectors.BaseSelector
        self._limits: Limits
        self._connections: set[Connection] = set()
        self._queues: RequestQueues
        """Connections with a complete request, for the threads."""
        self._answered: deque[Connection] = deque()
        """Connections with a response, for the event loop."""
        self._listens = False
        self._looked = 0.0
        """When deadlines were checked last."""

    @classmethod
    def check_config(cls, cfg: Any, _log: Any) -> None:
        """Refuse TLS. gunicorn's master calls this when it starts."""
        if cfg.is_ssl:
            raise SystemExit("diptych: gunicorn's own TLS is not served; end it in front of gunicorn")

    def load_wsgi(self) -> None:
        super().load_wsgi()
        application = getattr(self.wsgi, "extensions", {}).get("diptych")
        if application is None:
            print(
                f"diptych: {self.cfg.worker_class_str} serves what diptych.flask_app.create_app() makes; "
                "for another application choose gunicorn's gthread",
                file=sys.stderr,
            )
            raise SystemExit(Arbiter.WORKER_BOOT_ERROR)
        self.application = application
        freeze_gc()

    def run(self) -> None:
        self._queues = RequestQueues(self.cfg.threads, self._work)
        self._queues.start()
        settings, addresses = self.application.settings, [listener.getsockname() for listener in self.sockets]
        self._limits = Limits(
            self.application.body_limits,
            allowed_hosts(settings.hosts, addresses),
            buffers_of(settings),
            spools_of(settings),
        )
        with selectors.DefaultSelector() as self._poller:
            # Both signals and threads write to this pipe.
            self._poller.register(self.PIPE[0], selectors.EVENT_READ, self._resume_answered)
            while self.alive:
                self._listen(len(self._connections) < self.cfg.worker_connections)
                self._turn()
            self._finish()
        self._queues.end()
        self.application.close()

    def _turn(self, longest: float = TICK) -> None:
        """Handle events, and expired deadlines. longest: seconds to wait for an event."""
        self.notify()
        now = time.monotonic()
        for key, _ in self._poller.select(longest):
            key.data()
        # `now` is from before the select: whatever arrived before its deadline has been handled.
        if now >= self._looked + TICK:
            self._looked = now
            for connection in [each for each in self._connections if each.deadline <= now]:
                self._expire(connection)
            if self.ppid != os.getppid():
                self.log.info("Parent changed, shutting down: %s", self)
                self.alive = False

    # Accept

    def _listen(self, listens: bool) -> None:  # noqa: FBT001 - the one parameter
        """Start or stop accepting connections."""
        if listens == self._listens:
            return
        self._listens = listens
        for listener in self.sockets:
            if listens:
                self._poller.register(listener, selectors.EVENT_READ, partial(self._accept, listener))
            else:
                self._poller.unregister(listener)

    def _accept(self, listener: Any) -> bool:
        """Accept one connection. Returns whether there was one."""
        try:
            client, peer = listener.accept()
        except (BlockingIOError, ConnectionAbortedError):
            return False
        connection = Connection(client, peer, listener.getsockname(), self._limits)
        self._connections.add(connection)
        self._advance(connection, receive=True)
        if self.alive:
            accept_yield()
        return True

    # Read and wait

    def _advance(self, connection: Connection, *, receive: bool = False) -> None:
        """Do whatever a connection allows without blocking, then register what it waits for.

        receive: whether the socket is readable.
        """
        try:
            if receive:
                connection.receive()
            if connection.aborted:
                self._drop(connection)
            elif not connection.flush():
                self._wait_for_reader(connection)
            elif connection.stream is not None:
                self._queue(connection)
            elif not connection.ended and self._read(connection):
                self._hand_over(connection)
            elif not connection.flush():  # what `_read` has answered
                self._wait_for_reader(connection)
            elif not connection.ended:
                self._wait(connection, selectors.EVENT_READ, self.cfg.keepalive)
            else:
                self._linger(connection)
        except OSError:
            self._drop(connection)

    def _read(self, connection: Connection) -> bool:
        """Parse a request. Returns whether threads have to see it; a malformed one is answered."""
        try:
            return connection.read()
        except Problem as problem:
            self._refuse(connection, problem)
            return False

    def _hand_over(self, connection: Connection) -> None:
        """Queue a request for the threads, one with a file before that is received, too."""
        self.nr += not connection.reader.unadmitted
        if self.nr >= self.max_requests and self.alive:
            self.log.info("Autorestarting worker after current request.")
            self.alive = False
        self._queue(connection)

    def _queue(self, connection: Connection) -> None:
        """Queue a connection for the threads, which answer its request, or make the next part of the response."""
        self._wait(connection, 0, math.inf)
        head = connection.reader.head
        assert head is not None  # noqa: S101 - it is complete
        path, _, query = head.target.partition("?")
        is_transfer = self.application.transfers.is_transfer(head.method, path)
        self._queues.put(connection, Lane.COSTLY if is_transfer else lane_of(path, query))

    def _resume_answered(self) -> None:
        """Continue with the connections that threads have answered."""
        os.read(self.PIPE[0], 4096)
        while self._answered:
            self._advance(self._answered.popleft())

    def _wait_for_reader(self, connection: Connection) -> None:
        """Wait until the client reads more of its response, or give it up. The time begins anew with each part."""
        if connection.keep_unsent():
            left = connection.response_deadline - time.monotonic()
            self._wait(connection, selectors.EVENT_WRITE, min(WRITE_TIMEOUT, left))
        else:
            self._drop(connection)

    def _wait(self, connection: Connection, events: int, patience: float) -> None:
        """Register the events of its socket that a connection waits for. patience: seconds until `_expire`."""
        connection.deadline = time.monotonic() + patience
        if events == connection.watched:
            return
        if connection.watched:
            self._poller.unregister(connection.client)
        connection.watched = events
        if events:
            receive = events == selectors.EVENT_READ
            self._poller.register(connection.client, events, partial(self._advance, connection, receive=receive))

    # Close

    def _linger(self, connection: Connection) -> None:
        """Wait for the client to close first (a lingering close). Errors: OSError."""
        if not connection.lingers:
            self._wait(connection, selectors.EVENT_READ, LINGER_TIMEOUT)
        if connection.linger():
            self._drop(connection)

    def _expire(self, connection: Connection) -> None:
        """Close a connection whose deadline has passed, with a 408 where part of a request has arrived."""
        if connection.watched == selectors.EVENT_WRITE and connection.is_read():
            self._wait_for_reader(connection)
            return
        if connection.ended or connection.watched == selectors.EVENT_WRITE:
            self._drop(connection)
            return
        connection.ended = True
        if connection.reader.begun:
            self._refuse(connection, problems.of_status(408))
        self._advance(connection)

    def _drop(self, connection: Connection) -> None:
        self._wait(connection, 0, math.inf)
        self._connections.remove(connection)
        connection.close()

    def _finish(self) -> None:
        """Drain the accept queue, answer what arrives on open connections, and close them."""
        begin = time.monotonic()
        # Handshakes that had begun when the master refused new ones complete in this time; and when all processes are
        # signalled at once, the master may receive its signal after the workers.
        while (left := begin + 2 * listener_shutdown.SETTLE_SECONDS - time.monotonic()) > 0:
            self._turn(left)
        self._listen(False)
        for listener in self.sockets:
            # The kernel resets connections that are still in the accept queue when the last process closes the socket.
            while self._accept(listener):
                pass
            listener.close()
        latest = time.monotonic() + self.cfg.keepalive
        for connection in self._connections:
            if connection.watched:
                connection.deadline = min(connection.deadline, latest)
        # One second before the master kills.
        while self._connections and time.monotonic() < begin + self.cfg.graceful_timeout - 1:
            self._turn()
        if self._connections:
            self.log.warning("Ended with %d connections in flight", len(self._connections))
            for connection in self._connections:
                connection.close()
            self.application.close()
            # An exit of the interpreter would stop daemon threads inside the database driver.
            os._exit(0)

    # Answer

    def _work(self, connection: Connection) -> None:
        """Admit or answer a request in a thread, or a part of it, and return its connection to the loop."""
        if connection.reader.unadmitted:
            self._admit(connection)
        elif connection.stream is None:
            self._answer(connection)
        else:
            self._continue(connection, connection.stream)
        # The loop sees the error again, and closes the connection.
        with suppress(OSError):
            connection.flush()
        self._answered.append(connection)
        # When the pipe is full, the loop is going to wake anyway.
        with suppress(BlockingIOError):
            os.write(self.PIPE[1], b"\0")

    def _admit(self, connection: Connection) -> None:
        """Look whether a request will be refused before its file is received."""
        head, peer = connection.reader.head, connection.peer
        assert head is not None  # noqa: S101 - it is complete
        client = peer[0] if isinstance(peer, tuple) else ""
        connection.reader.admit(self.application.admit_head(head, client))

    def _answer(self, connection: Connection) -> None:
        """Run the application, and send as much of the response as the client takes without blocking."""
        head = connection.reader.head
        assert head is not None  # noqa: S101 - it is complete
        try:
            environ = wsgi.make_environ(connection, multiprocess=self.cfg.workers > 1)
            *_, body = answer = wsgi.call(self.wsgi, environ)
            connection.ended = connection.reader.closes or not self.alive or not self.cfg.keepalive
            deadline = connection.reader.arrived + self.application.settings.request_timeout
            connection.send(
                wsgi.serialize(answer, method=head.method, close=connection.ended, old=head.old),
                max(deadline, time.monotonic() + WRITE_TIMEOUT),
            )
            if not isinstance(body, bytes):
                connection.stream = body
                return
        except SystemExit:
            # It would end this thread silently.
            self._fail(connection, head, RuntimeError("The application raised SystemExit."))
        except Exception as error:  # noqa: BLE001 - whatever an application does, its client is answered
            self._fail(connection, head, error)
        connection.begin_next()

    def _continue(self, connection: Connection, stream: Parts) -> None:
        """Append the next part of a response, or its end; abort the connection where there is none."""
        head = connection.reader.head
        assert head is not None  # noqa: S101 - it is complete
        try:
            part = next(stream, b"")
        except ResponseAborted:
            connection.abort()
            return
        except (Exception, SystemExit) as error:  # noqa: BLE001 - any error of an application ends its response only
            failed = error if isinstance(error, Exception) else RuntimeError("The application raised SystemExit.")
            self.application.fail(failed, head.method, head.headers)  # for the log: the response has begun
            connection.abort()
            return
        data = part if head.old or stream.is_sized else chunk(part)
        seconds = max(self.application.settings.request_timeout, WRITE_TIMEOUT)
        connection.send(data, time.monotonic() + patience(connection.client, seconds))
        if not part:
            connection.end_stream()
            connection.begin_next()

    def _fail(self, connection: Connection, head: Head, error: Exception) -> None:
        """Answer an unexpected error with a 500, the last response of the connection."""
        self._end_with(connection, self.application.fail(error, head.method, head.headers), head.method)

    def _refuse(self, connection: Connection, problem: Problem) -> None:
        """Answer a request that is incomplete or malformed, the last response of the connection."""
        head, is_head_request = connection.reader.head, connection.reader.is_head_request
        # With a head, only the rest of the body can be missing.
        method, headers = (head.method, head.headers) if head else ("HEAD" if is_head_request else "", {})
        self._end_with(connection, self.application.refuse(problem, method, headers), method)

    @staticmethod
    def _end_with(connection: Connection, response: Response, method: str) -> None:
        connection.ended = True
        framing = {"Content-Type": response.content_type, "Content-Length": len(response.body)}
        answer = response.status, (framing | dict(response.headers)).items(), response.body
        data = wsgi.serialize(answer, method=method, close=True)
        connection.send(data, time.monotonic() + WRITE_TIMEOUT)
