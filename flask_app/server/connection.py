"""A client's connection: the bytes received and the bytes to send, on a non-blocking socket."""

from __future__ import annotations

import socket
import time
from contextlib import suppress
from typing import Any

from diptych.core.http import problems
from diptych.core.http.wire.allowed_hosts import AllowedHosts
from diptych.core.http.wire.request_reader import RequestReader

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
RECV_SIZE = 65536


class Connection:
    """A connection, used by one thread at a time.

    client: its socket. peer, address: the addresses of the client and of the server. limit: bytes of a body, at most.
    hosts: that are answered.

    reader: the request that is received or answered. deadline: when the connection expires. ended: whether the last
    response has been written; lingers: whether our half has been closed since. watched: the events for which the
    socket is registered.
    """

    __slots__ = (
        "_data", "_eof", "_hosts", "_limit", "_unsent", "address", "client", "deadline", "ended", "lingers", "peer",
        "reader", "watched",
    )  # fmt: skip

    def __init__(self, client: socket.socket, peer: Any, address: Any, limit: int, hosts: AllowedHosts) -> None:
        client.setblocking(False)
        self.client, self.peer, self.address = client, peer, address
        self._data, self._unsent, self._limit, self._hosts = bytearray(), bytearray(), limit, hosts
        self._eof = False
        self.reader = RequestReader(self._data, limit, hosts)
        self.deadline = 0.0
        self.ended = self.lingers = False
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
        """Parse what has been received. Returns whether a request is complete. Errors: Problem."""
        whole = self.reader.read()
        if self.reader.continues:
            self.reader.continues = False
            self.send(CONTINUE)
        if whole:
            return True
        if self._eof:
            whole = self.reader.end()
            self.ended = not whole
        elif self.reader.timed_out(time.monotonic()):
            raise problems.of_status(408)
        return whole

    def begin_next(self) -> None:
        """Start the next request; pipelined bytes are kept for it."""
        self.reader = RequestReader(self._data, self._limit, self._hosts)

    def send(self, data: bytes) -> None:
        """Append data to the send buffer."""
        self._unsent += data

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
            self.client.shutdown(socket.SHUT_WR)
        return self._eof
