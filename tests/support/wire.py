"""A raw HTTP client: sends bytes unchanged, and parses responses as strictly as RFC 9112 allows."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from tests.support.waiting import PATIENCE

_STATUS = re.compile(rb"HTTP/1\.1 ([1-5][0-9]{2}) ([\x20-\x7e]+)")
_FIELD = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\x20-\x7e\x80-\xff]*?)[ \t]*")
_PROBE = b"GET {prefix}/health/live HTTP/1.1\r\nHost: catalogue.test\r\nConnection: close\r\n\r\n"


class WireError(AssertionError):
    """A server's bytes are not valid HTTP, or do not arrive."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One response. headers: (name in lower case, value) ordered by name."""

    status: int
    reason: str
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def header(self, name: str) -> str | None:
        """Return the value of a header. Errors: WireError when it is repeated."""
        values = [value for each, value in self.headers if each == name]
        if len(values) > 1:
            raise WireError(f"{name} is there {len(values)} times")
        return values[0] if values else None


@dataclass(frozen=True, slots=True)
class Exchange:
    """The responses in order, and whether the connection stayed open for another request after the last."""

    answers: tuple[Answer, ...]
    kept: bool


@dataclass(frozen=True, slots=True)
class Target:
    """A deployment's address, and the prefix of its paths."""

    host: str
    port: int
    prefix: str

    @classmethod
    def of(cls, url: str) -> Target:
        """Parse an `http://host:port/prefix`. Errors: ValueError for other schemes, because there is no TLS here."""
        parts = urlsplit(url)
        if parts.scheme != "http" or not parts.hostname or parts.query or parts.fragment:
            raise ValueError(f"{url} is no http://host:port/prefix (https is not supported)")
        return cls(parts.hostname, parts.port or 80, parts.path.rstrip("/"))


def connect(target: Target) -> socket.socket:
    """Open a connection."""
    return socket.create_connection((target.host, target.port), timeout=PATIENCE)


def unread(target: Target, message: bytes) -> socket.socket:
    """Open a connection with a small receive buffer, send a request, and do not read."""
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.settimeout(PATIENCE)
    client.connect((target.host, target.port))
    client.sendall(message)
    return client


def fill(message: bytes, names: Mapping[str, str]) -> bytes:
    """Fill in a message's placeholders: `{length}` with its body's length, the rest from `names`."""
    for name, value in names.items():
        message = message.replace(f"{{{name}}}".encode(), value.encode("latin-1"))
    return message.replace(b"{length}", str(len(message.partition(b"\r\n\r\n")[2])).encode())


def exchange(target: Target, message: bytes, methods: Iterable[str], *, half_close: bool = False) -> Exchange:
    """Send a message on a new connection and read everything up to the end of the connection.

    methods: of the requests in the message, in order, which tell where the response to a HEAD ends. After the last
    response, another request checks a connection that should be open.
    Errors: WireError.
    """
    with connect(target) as connection:
        reader = Reader(connection)
        try:
            connection.sendall(message)
            if half_close:
                connection.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # the server may respond and close before it has read everything
        answers: list[Answer] = []
        for method in methods:
            answer = reader.answer(method)
            if answer is None:
                return Exchange(tuple(answers), kept=False)
            answers.append(answer)
            if answer.header("connection") == "close":
                if (rest := reader.rest()) != b"":
                    raise WireError(f"after the end: {rest!r}")
                return Exchange(tuple(answers), kept=False)
        if half_close:
            return Exchange(tuple(answers), kept=reader.rest() != b"")
        connection.sendall(fill(_PROBE, {"prefix": target.prefix}))
        probe = reader.answer("GET")
        if probe is None or probe.status != 200 or reader.rest() != b"":
            raise WireError(f"the connection was to be kept, and then: {probe}")
        return Exchange(tuple(answers), kept=True)


class Reader:
    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._buffer = b""

    def _more(self) -> bool:
        try:
            data = self._connection.recv(65536)
        except TimeoutError:
            raise WireError(f"nothing came for {PATIENCE} s after {self._buffer[-200:]!r}") from None
        except ConnectionResetError:
            raise WireError(f"reset after {self._buffer[-200:]!r}") from None
        self._buffer += data
        return bool(data)

    def rest(self) -> bytes:
        while self._more():
            pass
        return self._buffer

    def answer(self, method: str) -> Answer | None:
        """Read the next response; 100 (Continue) becomes a header of its own; None at the end of the connection."""
        continued: tuple[tuple[str, str], ...] = ()
        while True:
            while b"\r\n\r\n" not in self._buffer:
                if not self._more():
                    if self._buffer:
                        raise WireError(f"half an answer: {self._buffer[-200:]!r}")
                    return None
            head, _, self._buffer = self._buffer.partition(b"\r\n\r\n")
            first, *lines = head.split(b"\r\n")
            status = _STATUS.fullmatch(first)
            fields = [_FIELD.fullmatch(line) for line in lines]
            if status is None or None in fields:
                raise WireError(f"not a head: {head!r}")
            if status[1] != b"100":
                break
            continued = ((":continued", "yes"),)
        headers = sorted((field[1].decode().lower(), field[2].decode("latin-1")) for field in fields if field)
        found = Answer(int(status[1]), status[2].decode(), (*headers, *continued), b"")
        return Answer(found.status, found.reason, found.headers, self._body(method, found))

    def _body(self, method: str, answer: Answer) -> bytes:
        length = answer.header("content-length")
        if answer.status in (204, 304) or method == "HEAD":
            return b""
        if length is None and answer.header("transfer-encoding") == "chunked":
            return b"".join(iter(self._chunk, b""))
        if length is None or not length.isdecimal() or answer.header("transfer-encoding"):
            raise WireError(f"no Content-Length tells where this ends: {answer}")
        return self._bytes(int(length))

    def _chunk(self) -> bytes:
        """Read a chunk (RFC 9112 section 7.1), the last of which is empty."""
        while b"\r\n" not in self._buffer:
            self._bytes(len(self._buffer) + 1, keep=True)
        size, _, self._buffer = self._buffer.partition(b"\r\n")
        if not re.fullmatch(rb"[0-9a-fA-F]+", size):
            raise WireError(f"not the size of a chunk: {size!r}")
        chunk = self._bytes(int(size, 16))
        if self._bytes(2) != b"\r\n":
            raise WireError("a chunk does not end with CR LF")
        return chunk

    def _bytes(self, number: int, *, keep: bool = False) -> bytes:
        """Read so many bytes; keep: in the buffer."""
        while len(self._buffer) < number:
            if not self._more():
                raise WireError(f"{len(self._buffer)} bytes of {number}")
        found = self._buffer[:number]
        if not keep:
            self._buffer = self._buffer[number:]
        return found
