"""Read one request out of the bytes of a connection, without doing any I/O (sans-I/O)."""

from __future__ import annotations

import re
from time import monotonic

from diptych.core.http import problems
from diptych.core.http.request_response import Body, BodyError, Refused
from diptych.core.http.spool import Spool, SpoolError
from diptych.core.http.transfers import BodyLimits
from diptych.core.http.wire import request_head
from diptych.core.http.wire.allowed_hosts import AllowedHosts
from diptych.core.http.wire.request_head import Head
from diptych.core.http.wire.timeouts import HEAD_TIMEOUT, LEAST_RATE, RATE_WINDOW, REQUEST_TIMEOUT

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
    belongs to the request. limits: of the body. hosts: that are answered.

    head, body: what has been parsed; a file is in a spool, for which the reader has to be closed. A body that is too
    large or malformed is not read further: the head tells which operation was requested, and the connection is closed
    after the response.
    arrived: when the request was complete (monotonic); its deadline begins then.
    continues: whether the client waits for 100 Continue; set it to False after sending that.
    unadmitted: whether the body is a file of which nothing is read until `admit` is called.
    """

    __slots__ = (
        "_data", "_decoder", "_hosts", "_limits", "_seen", "_since", "_spool", "_started", "_timed", "arrived", "body",
        "continues", "head", "unadmitted",
    )  # fmt: skip

    def __init__(self, data: bytearray, limits: BodyLimits, hosts: AllowedHosts) -> None:
        self._limits = limits
        self._hosts = hosts
        self._data = data
        self._since: float | None = None
        self._spool: Spool | None = None
        self._timed = 0
        """Bytes of the file when its rate was measured last, at the time `_since`."""
        self._decoder: _Length | _Chunks | None = None
        self._started = False
        self._seen = 0
        self.head: Head | None = None
        self.body: Body = b""
        self.arrived = 0.0
        self.continues = False
        self.unadmitted = False

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
        return self.head is None or self.head.close or isinstance(self.body, (BodyError, Refused))

    @property
    def received(self) -> int:
        """Bytes of the body in memory so far, without those in `data`."""
        if self._spool is not None:
            return 0
        if self._decoder is not None:
            return len(self._decoder.body)
        return len(self.body) if isinstance(self.body, bytes) else 0

    @property
    def spooled(self) -> int:
        """Bytes of the body in a file so far."""
        return 0 if self._spool is None else len(self._spool)

    def timed_out(self, now: float) -> bool:
        """Return whether the request has taken too long to arrive, however steadily it does. now: monotonic seconds."""
        if not self.begun:
            return False
        if self._since is None:
            self._since = now
        if self._spool is not None:
            return self._is_too_slow(now - self._since, now)
        return now - self._since > (HEAD_TIMEOUT if self.head is None else REQUEST_TIMEOUT)

    def _is_too_slow(self, seconds: float, now: float) -> bool:
        """Return whether a file has arrived too slowly since its rate was measured last, so many seconds ago."""
        if self._spool is None or seconds < RATE_WINDOW:
            return False
        received, self._timed, self._since = len(self._spool) - self._timed, len(self._spool), now
        return received < LEAST_RATE * seconds

    def read(self) -> bool:
        """Parse the available data; return whether the request is complete.

        Errors: Problem, as `request_head.read`; 421 for another host.
        """
        if self.head is None and not self._read_head():
            return False
        if self.unadmitted:
            return False
        if self._decoder is not None:
            try:
                if not self._decoder.feed(self._data):
                    return False
                body = self._decoder.body
                self.body = body if isinstance(body, Spool) else bytes(body)
            except _UnreadableBodyError as error:
                self._refuse(error.reason)
            except SpoolError:
                self._refuse(BodyError.NOT_WRITTEN)
            self._decoder = None
        self.arrived = monotonic()
        return True

    def end(self) -> bool:
        """Handle end of input; return whether a request is complete. Errors: Problem 400 for an incomplete head."""
        if self.head is None:
            if self._data.strip(b"\r\n"):
                raise problems.malformed("The head did not arrive whole.")
            return False
        self._refuse(BodyError.INCOMPLETE)
        self.arrived = monotonic()
        return True

    def admit(self, refused: Refused | None) -> None:
        """Receive the file from now on; or, where the request is refused, complete it without."""
        self.unadmitted, self._since = False, None
        if refused is None:
            self.continues = self.head is not None and self.head.expects
        else:
            self.give_up(refused)

    def give_up(self, reason: BodyError | Refused = BodyError.NO_ROOM) -> None:
        """Complete the request without its body; because the server has no room left, if nothing else is said."""
        self._refuse(reason)
        self._decoder = None
        self.arrived = monotonic()

    def close(self) -> None:
        """Delete the file of the body, if there is one."""
        if self._spool is not None:
            self._spool.close()

    def _refuse(self, reason: BodyError | Refused) -> None:
        """Read no more of the body, which cannot be read, or kept."""
        self.body = reason
        self._data.clear()
        self.close()

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
        self._begin_body(found)
        receives = self._decoder is not None
        self.unadmitted = receives and self._spool is not None
        self.continues = receives and found.expects and not self.unadmitted
        return True

    def _begin_body(self, head: Head) -> None:
        """Prepare for the body: in memory, or in a file."""
        limit = self._limits.body
        if head.length != 0 and self._limits.is_upload(head.method, head.target.partition("?")[0]):
            limit = self._limits.file
            self._spool = Spool(self._limits.directory)
        if head.length is None:
            self._decoder = _Chunks(limit, self._spool)
        elif head.length > limit:
            self._refuse(BodyError.TOO_LARGE)
        elif head.length:
            self._decoder = _Length(head.length, self._spool)


class _UnreadableBodyError(Exception):
    """The body cannot be parsed further."""

    def __init__(self, reason: BodyError) -> None:
        self.reason = reason


class _Length:
    """A body of a known length."""

    __slots__ = ("_length", "body")

    def __init__(self, length: int, spool: Spool | None) -> None:
        self._length = length
        self.body: bytearray | Spool = bytearray() if spool is None else spool

    def feed(self, data: bytearray) -> bool:
        """Move the body's bytes out of the data; return whether the body is complete."""
        missing = self._length - len(self.body)
        self.body.extend(data[:missing])
        del data[:missing]
        return len(self.body) == self._length


class _Chunks:
    """A chunked body (RFC 9112 section 7.1). Extensions and trailers are checked and discarded."""

    __slots__ = ("_count", "_ended", "_left", "_limit", "_part", "body")

    def __init__(self, limit: int, spool: Spool | None) -> None:
        self._limit = limit
        self._count = max(CHUNKS, limit // CHUNK)
        self._left = 0
        self._ended = False
        self._part = self._size
        self.body: bytearray | Spool = bytearray() if spool is None else spool

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
        self.body.extend(taken)
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
