"""gunicorn's worker of our own: one loop for all connections, and threads for requests that are whole."""

from __future__ import annotations

import math
import os
import selectors
import sys
import threading
import time
from collections import deque
from contextlib import suppress
from functools import partial
from queue import SimpleQueue
from typing import Any

from gunicorn.arbiter import Arbiter
from gunicorn.workers import base

from diptych.core import listener_shutdown
from diptych.core.gc_tuning import freeze_gc
from diptych.core.http import problems
from diptych.core.http.problems import Problem
from diptych.core.http.request_response import Response
from diptych.core.http.wire.request_head import Head
from diptych.core.http.wire.timeouts import KEEPALIVE_TIMEOUT, LINGER_TIMEOUT, WRITE_TIMEOUT
from diptych.core.sync.application import Application
from diptych.flask_app.server import wsgi
from diptych.flask_app.server.connection import Connection

TICK = 0.5
"""Seconds between two looks at the clock: whether clients have had their time, and gunicorn's master is there."""

ACCEPT_YIELD = 0.00005
"""Seconds that another worker has, to take the next connection: less than any of them waits for its first answer.

Who wakes first would take all of those that come at once, and keep them: clients reuse connections. Without it, two
workers answered 11 % less a second (`get author`, the median of eight pairs of runs).
"""


class Worker(base.Worker):  # type: ignore[misc]
    """A worker whose threads are for whole requests: what is still coming, or not yet taken, waits without one."""

    application: Application

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._poller: selectors.BaseSelector
        self._connections: set[Connection] = set()
        self._requests: SimpleQueue[Connection | None] = SimpleQueue()
        """Connections whose requests wait for a thread."""
        self._answered: deque[Connection] = deque()
        """Connections that threads have given back."""
        self._listens = False
        self._looked = 0.0
        """When the clock was looked at last."""

    @classmethod
    def check_config(cls, cfg: Any, _log: Any) -> None:
        """Refuse what is not served. gunicorn's master calls it when it starts."""
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
        # Daemons, because Python would wait for the others where gunicorn ends a worker at once.
        threads = [threading.Thread(target=self._work, daemon=True) for _ in range(self.cfg.threads)]
        for thread in threads:
            thread.start()
        with selectors.DefaultSelector() as self._poller:
            # Signals write to it as well as threads.
            self._poller.register(self.PIPE[0], selectors.EVENT_READ, self._resume_answered)
            while self.alive:
                self._listen(len(self._connections) < self.cfg.worker_connections)
                self._turn()
            self._finish()
        for _ in threads:
            self._requests.put(None)
        for thread in threads:
            thread.join()
        self.application.close()

    def _turn(self, longest: float = TICK) -> None:
        """See to what has happened, and to clients with whom nothing has for too long. longest: seconds to wait."""
        self.notify()
        now = time.monotonic()
        for key, _ in self._poller.select(longest):
            key.data()
        # What came in its time has been seen by now.
        if now >= self._looked + TICK:
            self._looked = now
            for connection in [each for each in self._connections if each.deadline <= now]:
                self._expire(connection)
            if self.ppid != os.getppid():
                self.log.info("Parent changed, shutting down: %s", self)
                self.alive = False

    # Connections begin

    def _listen(self, listens: bool) -> None:  # noqa: FBT001 - it is what it is about
        """Accept connections from now on, or do not."""
        if listens == self._listens:
            return
        self._listens = listens
        for listener in self.sockets:
            if listens:
                self._poller.register(listener, selectors.EVENT_READ, partial(self._accept, listener))
            else:
                self._poller.unregister(listener)

    def _accept(self, listener: Any) -> bool:
        """Accept one connection, if there is one; whether there was."""
        try:
            client, peer = listener.accept()
        except (BlockingIOError, ConnectionAbortedError):
            return False
        connection = Connection(client, peer, listener.getsockname(), self.application.settings.max_body_bytes)
        self._connections.add(connection)
        self._advance(connection, receive=True)
        if self.alive:
            time.sleep(ACCEPT_YIELD)
        return True

    # Connections go on

    def _advance(self, connection: Connection, patience: float = KEEPALIVE_TIMEOUT, *, receive: bool = False) -> None:
        """Do for a connection what can be done now, and let it wait for what it needs then.

        patience: seconds until more of a request has to come. receive: whether something has come.
        """
        try:
            if receive:
                connection.receive()
            if connection.flush() and not connection.ended and self._read(connection):
                self._hand_over(connection)
            elif not connection.flush():
                self._wait(connection, selectors.EVENT_WRITE, WRITE_TIMEOUT)
            elif not connection.ended:
                self._wait(connection, selectors.EVENT_READ, patience)
            else:
                self._linger(connection)
        except OSError:
            self._drop(connection)

    def _read(self, connection: Connection) -> bool:
        """Whether a request is whole; one that nobody can read is answered."""
        try:
            return connection.read()
        except Problem as problem:
            self._refuse(connection, problem)
            return False

    def _hand_over(self, connection: Connection) -> None:
        """Have a thread answer a request."""
        self.nr += 1
        if self.nr >= self.max_requests and self.alive:
            self.log.info("Autorestarting worker after current request.")
            self.alive = False
        self._wait(connection, 0, math.inf)
        connection.arrived = time.monotonic()
        self._requests.put(connection)

    def _resume_answered(self) -> None:
        """Go on with connections whose requests have been answered."""
        os.read(self.PIPE[0], 4096)
        while self._answered:
            self._advance(self._answered.popleft(), self.cfg.keepalive)

    def _wait(self, connection: Connection, events: int, patience: float) -> None:
        """Let a connection wait for events of its socket. patience: seconds until `_expire`."""
        connection.deadline = time.monotonic() + patience
        if events == connection.watched:
            return
        if connection.watched:
            self._poller.unregister(connection.client)
        connection.watched = events
        if events:
            receive = events == selectors.EVENT_READ
            self._poller.register(connection.client, events, partial(self._advance, connection, receive=receive))

    # Connections end

    def _linger(self, connection: Connection) -> None:
        """Wait until the client has closed its half. Errors: OSError."""
        if not connection.lingers:
            self._wait(connection, selectors.EVENT_READ, LINGER_TIMEOUT)
        if connection.linger():
            self._drop(connection)

    def _expire(self, connection: Connection) -> None:
        """End the waiting for a client that has had its time."""
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
        connection.client.close()

    def _finish(self) -> None:
        """Accept whoever is there, answer what comes on the connections that there are, and end them."""
        begin = time.monotonic()
        # Whoever had begun to connect when the master refused everybody else gets through; the master may hear a moment
        # later than its workers that they are to stop.
        while (left := begin + 2 * listener_shutdown.SETTLE_SECONDS - time.monotonic()) > 0:
            self._turn(left)
        self._listen(False)
        for listener in self.sockets:
            # The kernel has taken connections for this socket that nobody has accepted. The last process to close it
            # would have them reset.
            while self._accept(listener):
                pass
            listener.close()
        latest = time.monotonic() + KEEPALIVE_TIMEOUT
        for connection in self._connections:
            if connection.watched:
                connection.deadline = min(connection.deadline, latest)
        # The master would kill a moment later.
        while self._connections and time.monotonic() < begin + self.cfg.graceful_timeout - 1:
            self._turn()
        if self._connections:
            self.log.warning("Ended with %d connections in flight", len(self._connections))
            self.application.close()
            # Python would wait for its threads, or have them end in the middle of what the database's driver does.
            os._exit(0)

    # Answers

    def _work(self) -> None:
        """Answer requests, one after the other: what each of the threads does."""
        for connection in iter(self._requests.get, None):
            self._answer(connection)
            self._answered.append(connection)
            # When it is full, the loop has not read it, and will.
            with suppress(BlockingIOError):
                os.write(self.PIPE[1], b"\0")

    def _answer(self, connection: Connection) -> None:
        """Have the application answer a request, and send as much of that as the client takes at once."""
        head = connection.reader.head
        assert head is not None  # noqa: S101 - it is whole
        try:
            environ = wsgi.make_environ(connection, multiprocess=self.cfg.workers > 1)
            answer = wsgi.call(self.wsgi, environ)
            connection.ended = connection.reader.closes or not self.alive or not self.cfg.keepalive
            connection.send(wsgi.serialize(answer, method=head.method, close=connection.ended))
        except SystemExit:
            # It would end the thread, and nobody would hear of it.
            self._fail(connection, head, RuntimeError("The application would end the server."))
        except Exception as error:  # noqa: BLE001 - whatever an application does, its client is answered
            self._fail(connection, head, error)
        connection.begin_next()
        # A client that has gone is heard of again.
        with suppress(OSError):
            connection.flush()

    def _fail(self, connection: Connection, head: Head, error: Exception) -> None:
        """Give the last answer, because of an error that nobody expected."""
        self._end_with(connection, self.application.fail(error, head.method, head.headers), head.method)

    def _refuse(self, connection: Connection, problem: Problem) -> None:
        """Give the last answer, to a request that is not whole."""
        head, is_head_request = connection.reader.head, connection.reader.is_head_request
        # Only the rest of a body can be missing where there is a head.
        method, headers = (head.method, head.headers) if head else ("HEAD" if is_head_request else "", {})
        self._end_with(connection, self.application.refuse(problem, method, headers), method)

    @staticmethod
    def _end_with(connection: Connection, response: Response, method: str) -> None:
        connection.ended = True
        framing = {"Content-Type": response.content_type, "Content-Length": len(response.body)}
        answer = response.status, (framing | dict(response.headers)).items(), response.body
        connection.send(wsgi.serialize(answer, method=method, close=True))
