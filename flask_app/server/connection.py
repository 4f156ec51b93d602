"""One client's connection: what it has sent, and what it has not taken yet. Nothing here waits."""

from __future__ import annotations

import socket
import time
from contextlib import suppress
from typing import Any

from diptych.core.http import problems
from diptych.core.http.wire.request_reader import RequestReader

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
RECV_SIZE = 65536


class Connection:
    """A connection, which belongs to one thread at a time.

    client: its socket. peer, address: of its two ends, as sockets tell them. limit: of a body's bytes.

    reader: the request that comes in, or is worked on. arrived: when that was whole. deadline: until when the client is
    waited for. ended: whether the last answer has been given; lingers: whether our half is closed since. watched: the
    events of the socket that the poller looks for.
    """

    __slots__ = (
        "_data", "_eof", "_limit", "_unsent", "address", "arrived", "client", "deadline", "ended", "lingers", "peer",
        "reader", "watched",
    )  # fmt: skip

    def __init__(self, client: socket.socket, peer: Any, address: Any, limit: int) -> None:
        client.setblocking(False)
        self.client, self.peer, self.address = client, peer, address
        self._data, self._unsent, self._limit = bytearray(), bytearray(), limit
        self._eof = False
        self.reader = RequestReader(self._data, limit)
        self.arrived = self.deadline = 0.0
        self.ended = self.lingers = False
        self.watched = 0

    def receive(self) -> None:
        """Take what has come, one piece at a time: others wait. Errors: OSError."""
        with suppress(BlockingIOError):
            data = self.client.recv(RECV_SIZE)
            if not data:
                self._eof = True
            elif not self.ended:
                self._data += data

    def read(self) -> bool:
        """Make a request of what has come; whether it is whole. Errors: Problem."""
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
        """Leave the request that has been answered; what came behind it stays."""
        self.reader = RequestReader(self._data, self._limit)

    def send(self, data: bytes) -> None:
        """Keep data, to be sent with what belongs to it."""
        self._unsent += data

    def flush(self) -> bool:
        """Send what is kept, as far as the client takes it; whether that was all. Errors: OSError."""
        with suppress(BlockingIOError):
            while self._unsent:
                del self._unsent[: self.client.send(self._unsent)]
        return not self._unsent

    def linger(self) -> bool:
        """Let the client close first: a close before it has read all may cost it the answer.

        Returns whether it has closed its half. Errors: OSError.
        """
        if not self.lingers:
            self.lingers = True
            self.client.shutdown(socket.SHUT_WR)
        return self._eof
