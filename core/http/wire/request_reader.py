"""Read one request out of the bytes of a connection, without doing any I/O (sans-I/O)."""

from __future__ import annotations

import re
from time import monotonic

from diptych.core.http import problems
from diptych.core.http.request_response import BodyError
from diptych.core.http.wire import request_head
from diptych.core.http.wire.allowed_hosts import AllowedHosts
from diptych.core.http.wire.request_head import Head
from diptych.core.http.wire.timeouts import HEAD_TIMEOUT, REQUEST_TIMEOUT

CHUNK_LINE = 256
"""Most bytes of a chunk-size line, without its line end."""

CHUNK = 256
"""Least average size of the chunks of a body of the largest size: each chunk costs as much as hundreds of bytes."""

CHUNKS = 1024
"""Number of chunks that any body may have, however small they are."""

_TOKEN = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_QUOTED = rb'"(?:[\t !#-\[\]-~\x80-\xff]|\\[\t -~\x80-\xff])*"'
_SIZE = re.compile(
    rb"([0-9A-Fa-f]+)(?:[ \t]*;[ \t]*" + _TOKEN + rb"(?:[ \t]*=[ \t]*(?:" + _TOKEN + rb"|" + _QUOTED + rb"))?)*"
)
_FIELD = re.compile(_TOKEN + rb":[\t -~\x80-\xff]*")


class RequestReader:
    """One incoming request.

    data: bytes received and not yet parsed; the code that reads the socket appends to it, and `read` removes what
    belongs to the request. limit: of the body, in bytes. hosts: that are answered.

    head, body: what has been parsed. A body that is too large or malformed is not read further: the head tells which
    operation was requested, and the connection is closed after the response.
    arrived: when the request was complete (monotonic); its deadline begins then.
    continues: whether the client waits for 100 Continue; set it to False after sending that.
    """

    __slots__ = (
        "_data", "_decoder", "_hosts", "_limit", "_seen", "_since", "_started", "arrived", "body", "continues", "head",
    )  # fmt: skip

    def __init__(self, data: bytearray, limit: int, hosts: AllowedHosts) -> None:
        self._limit = limit
        self._hosts = hosts
        self._data = data
        self._since: float | None = None
        self._decoder: _Length | _Chunks | None = None
        self._started = False
        self._seen = 0
        self.head: Head | None = None
        self.body: bytes | BodyError = b""
        self.arrived = 0.0
        self.continues = False

    @property
    def begun(self) -> bool:
        """Whether any byte of a request has arrived; one empty line before it does not count."""
        return self.head is not None or self._data.strip(b"\r\n") != b""

    @property
    def is_head_request(self) -> bool:
        """Whether the response must have no body: the request begins as HEAD, even if it is malformed otherwise."""
        return self._data.startswith(b"HEAD ") if self.head is None else self.head.method == "HEAD"

    @property
    def closes(self) -> bool:
        """Whether the connection is closed after the response."""
        return self.head is None or self.head.close or isinstance(self.body, BodyError)

    @property
    def received(self) -> int:
        """Bytes of the body so far, without those in `data`."""
        if self._decoder is not None:
            return len(self._decoder.body)
        return len(self.body) if isinstance(self.body, bytes) else 0

    def timed_out(self, now: float) -> bool:
        """Return whether the request has taken too long to arrive, however steadily it does. now: monotonic seconds."""
        if not self.begun:
            return False
        if self._since is None:
            self._since = now
        return now - self._since > (HEAD_TIMEOUT if self.head is None else REQUEST_TIMEOUT)

    def read(self) -> bool:
        """Parse the available data; return whether the request is complete.

        Errors: Problem, as `request_head.read`; 421 for another host.
        """
        if self.head is None and not self._read_head():
            return False
        if self._decoder is not None:
            try:
                if not self._decoder.feed(self._data):
                    return False
                self.body = bytes(self._decoder.body)
            except _UnreadableBodyError as error:
                self.body = error.reason
                self._data.clear()
            self._decoder = None
        self.arrived = monotonic()
        return True

    def end(self) -> bool:
        """Handle end of input; return whether a request is complete. Errors: Problem 400 for an incomplete head."""
        if self.head is None:
            if self._data.strip(b"\r\n"):
                raise problems.malformed("The head did not arrive whole.")
            return False
        self.body = BodyError.INCOMPLETE
        self.arrived = monotonic()
        return True

    def give_up(self) -> None:
        """Complete the request without its body, because the server has no memory left for it."""
        self.body = BodyError.NO_ROOM
        self._decoder = None
        self._data.clear()
        self.arrived = monotonic()

    def _read_head(self) -> bool:
        data = self._data
        if not self._started:
            if not data or data == b"\r":
                return False
            self._started = True
            # RFC 9112 section 2.2: ignore one empty line before a request.
            if data.startswith(b"\r\n"):
                del data[:2]
        end = request_head.find(data, self._seen)
        self._seen = len(data)
        if end < 0:
            return False
        found = request_head.read(bytes(data[:end]))
        self._hosts.require(found.host, found.target)
        self.head = found
        del data[: end + 4]
        if found.length is None:
            self._decoder = _Chunks(self._limit)
        elif found.length > self._limit:
            self.body = BodyError.TOO_LARGE
            data.clear()
        elif found.length:
            self._decoder = _Length(found.length)
        self.continues = found.expects and self._decoder is not None
        return True


class _UnreadableBodyError(Exception):
    """The body cannot be parsed further."""

    def __init__(self, reason: BodyError) -> None:
        self.reason = reason


class _Length:
    """A body of a known length."""

    __slots__ = ("_length", "body")

    def __init__(self, length: int) -> None:
        self._length = length
        self.body = bytearray()

    def feed(self, data: bytearray) -> bool:
        """Move the body's bytes out of the data; return whether the body is complete."""
        missing = self._length - len(self.body)
        self.body += data[:missing]
        del data[:missing]
        return len(self.body) == self._length


class _Chunks:
    """A chunked body (RFC 9112 section 7.1). Extensions and trailers are checked and discarded."""

    __slots__ = ("_count", "_ended", "_left", "_limit", "_part", "body")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._count = max(CHUNKS, limit // CHUNK)
        self._left = 0
        self._ended = False
        self._part = self._size
        self.body = bytearray()

    def feed(self, data: bytearray) -> bool:
        """Move the body's bytes out of the data, as far as they have arrived; return whether the body is complete.

        Errors: _UnreadableBodyError.
        """
        while self._part(data):
            if self._ended:
                return True
        return False

    def _size(self, data: bytearray) -> bool:
        end = data.find(b"\r\n", 0, CHUNK_LINE + 2)
        if end < 0:
            if b"\n" in data or len(data) >= CHUNK_LINE + 2:
                raise _UnreadableBodyError(BodyError.INCOMPLETE)
            return False
        found = _SIZE.fullmatch(data, 0, end)
        if found is None:
            raise _UnreadableBodyError(BodyError.INCOMPLETE)
        self._left = int(found[1], 16)
        self._count -= 1
        if self._count < 0:
            raise _UnreadableBodyError(BodyError.INCOMPLETE)
        if len(self.body) + self._left > self._limit:
            raise _UnreadableBodyError(BodyError.TOO_LARGE)
        # A match keeps a reference to the bytearray, which then cannot be resized.
        del found, data[: end + 2]
        self._part = self._content if self._left else self._trailer
        return True

    def _content(self, data: bytearray) -> bool:
        taken = data[: self._left]
        self.body += taken
        self._left -= len(taken)
        del data[: len(taken)]
        if self._left:
            return False
        if data[:2] != b"\r\n"[: len(data)]:
            raise _UnreadableBodyError(BodyError.INCOMPLETE)
        if len(data) < 2:
            return False
        del data[:2]
        self._part = self._size
        return True

    def _trailer(self, data: bytearray) -> bool:
        if data[:2] != b"\r\n":
            end = data.find(b"\r\n\r\n", 0, request_head.SECTION + 2)
            if end < 0:
                if len(data) >= request_head.SECTION + 2 or data.count(b"\n") != data.count(b"\r\n"):
                    raise _UnreadableBodyError(BodyError.INCOMPLETE)
                return False
            if not all(_FIELD.fullmatch(line) for line in data[:end].split(b"\r\n")):
                raise _UnreadableBodyError(BodyError.INCOMPLETE)
            del data[: end + 2]
        del data[:2]
        self._ended = True
        return True
