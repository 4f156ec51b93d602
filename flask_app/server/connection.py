"""A client's connection: the bytes received and the bytes to send, on a non-blocking socket."""

from __future__ import annotations

import logging
import socket
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from diptych.core.http import problems
from diptych.core.http.buffers import Buffer, Buffers, Direction
from diptych.core.http.transfers import BodyLimits
from diptych.core.http.wire.allowed_hosts import AllowedHosts
from diptych.core.http.wire.connection_reset import reset_on_close
from diptych.core.http.wire.request_reader import RequestReader
from diptych.core.http.wire.send_queue import unacknowledged
from diptych.core.http.wire.timeouts import WRITE_TIMEOUT
from diptych.flask_app.server.parts import Parts

_log = logging.getLogger("diptych")

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
RECV_SIZE = 65536


@dataclass(frozen=True, slots=True)
class Limits:
    """What a worker's connections have in common. hosts: that are answered. spools: for files that arrive."""

    body: BodyLimits
    hosts: AllowedHosts
    buffers: Buffers
    spools: Buffers


class Connection:
    """A connection, used by one thread at a time.

    client: its socket. peer, address: the addresses of the client and of the server.

    reader: the request that is received or answered. deadline: when the connection expires; response_deadline: when
    the response has to be sent. stream: the rest of a response in parts; aborted: whether it could not be completed.
    ended: whether the last response has been written; lingers: whether our half has been closed since. watched: the
    events for which the socket is registered.
    """

    __slots__ = (
        "_buffer", "_data", "_eof", "_left", "_limits", "_spool", "_unsent", "aborted", "address", "client", "deadline",
        "ended", "lingers", "peer", "reader", "response_deadline", "stream", "watched",
    )  # fmt: skip

    def __init__(self, client: socket.socket, peer: Any, address: Any, limits: Limits) -> None:
        client.setblocking(False)
        self.client, self.peer, self.address = client, peer, address
        name = peer[0] if isinstance(peer, tuple) else ""
        self._buffer, self._spool = Buffer(limits.buffers, name), Buffer(limits.spools, name)
        self._data, self._unsent, self._limits = bytearray(), bytearray(), limits
        self._eof = False
        self._left = 0
        self.reader = self._new_reader()
        self.deadline = self.response_deadline = 0.0
        self.ended = self.lingers = self.aborted = False
        self.stream: Parts | None = None
        self.watched = 0

    def receive(self) -> None:
        """Receive once, because other connections wait. Errors: OSError."""
        with suppress(BlockingIOError):
            data = self.client.recv(RECV_SIZE)
            if not data:
                self._eof = True
            elif not self.ended:
                self._data += data

    def read(self) -> bool:
        """Parse what has been received. Returns whether a request is complete, or to be admitted. Errors: Problem."""
        whole = self.reader.read()
        if self.reader.continues:
            self.reader.continues = False
            self.send(CONTINUE, time.monotonic() + WRITE_TIMEOUT)
        if self.reader.head is not None:
            self._buffer.headers = self._spool.headers = self.reader.head.headers
        if whole or self.reader.unadmitted:
            return True
        if not (
            self._buffer.keep(len(self._data) + self.reader.received, Direction.REQUEST)
            and self._spool.keep(self.reader.spooled, Direction.REQUEST)
        ):
            self.reader.give_up()
            return True
        if self._eof:
            whole = self.reader.end()
            self.ended = not whole
        elif self.reader.timed_out(time.monotonic()):
            raise problems.of_status(408)
        return whole

    def begin_next(self) -> None:
        """Start the next request; pipelined bytes are kept for it."""
        self.reader.close()
        self.reader = self._new_reader()

    def _new_reader(self) -> RequestReader:
        return RequestReader(self._data, self._limits.body, self._limits.hosts)

    def send(self, data: bytes, deadline: float) -> None:
        """Append data to the send buffer. deadline: when it has to be sent (monotonic)."""
        self._unsent += data
        self.response_deadline = deadline

    def keep_unsent(self) -> bool:
        """Keep the rest of a response; return False where the worker has no room for it."""
        self._left = self._untaken()
        return self._buffer.keep(len(self._unsent), Direction.RESPONSE)

    def is_read(self) -> bool:
        """Return whether the client has taken any of the response since `keep_unsent`, and may go on to take it."""
        return self._untaken() < self._left and time.monotonic() < self.response_deadline

    def _untaken(self) -> int:
        return len(self._unsent) + unacknowledged(self.client)

    def flush(self) -> bool:
        """Send as much of the buffer as the client takes. Returns whether it is empty. Errors: OSError."""
        with suppress(BlockingIOError):
            while self._unsent:
                del self._unsent[: self.client.send(self._unsent)]
        return not self._unsent

    def linger(self) -> bool:
        """Close our half and let the client close first: an earlier close may reset an unread response.

        Returns whether the client has closed its half. Errors: OSError.
        """
        if not self.lingers:
            self.lingers = True
            self._buffer.release()
            self.client.shutdown(socket.SHUT_WR)
        return self._eof

    def abort(self) -> None:
        """Give up the response, which cannot be completed."""
        self.end_stream()
        self.aborted = True
        self._unsent.clear()

    def end_stream(self) -> None:
        """Close the stream, if there is one."""
        stream, self.stream = self.stream, None
        if stream is None:
            return
        try:
            stream.close()
        except Exception as error:  # noqa: BLE001 - an application's own, which ends no other connection
            _log.error("a response could not be closed", exc_info=error)

    def close(self) -> None:
        """Close the socket; by a reset if the response is not complete."""
        if self.aborted or self.stream is not None or self._unsent:
            reset_on_close(self.client)
        self.end_stream()
        self._buffer.release()
        self._spool.release()
        self.reader.close()
        self.client.close()
