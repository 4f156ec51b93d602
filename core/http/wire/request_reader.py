"""Read one request out of the bytes of a connection, without doing any I/O (sans-I/O)."""

from __future__ import annotations

import re

from diptych.core.http import problems
from diptych.core.http.request_response import BodyError
from diptych.core.http.wire import request_head
from diptych.core.http.wire.request_head import Head
from diptych.core.http.wire.timeouts import HEAD_TIMEOUT, REQUEST_TIMEOUT

CHUNK_LINE = 256
"""Bytes of a line that says how long a chunk is, at most, without its end."""

CHUNK = 256
"""Bytes of a chunk, at least, in a body of the largest size: each costs as much as hundreds of bytes."""

CHUNKS = 1024
"""Chunks that a body may have however small they are."""

_TOKEN = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_QUOTED = rb'"(?:[\t !#-\[\]-~\x80-\xff]|\\[\t -~\x80-\xff])*"'
_SIZE = re.compile(
    rb"([0-9A-Fa-f]+)(?:[ \t]*;[ \t]*" + _TOKEN + rb"(?:[ \t]*=[ \t]*(?:" + _TOKEN + rb"|" + _QUOTED + rb"))?)*"
)
_FIELD = re.compile(_TOKEN + rb":[\t -~\x80-\xff]*")


class RequestReader:
    """One request that is coming in.

    data: what has come on the connection and has not been read; whoever reads the socket adds to it, and what belongs
    to the request is taken from it. limit: of the body's bytes.

    head, body: what has been read. A body that is too large or broken is not read further: the head says what was
    asked, and the connection ends with the answer.
    continues: whether the client is to be told to send its body; whoever has told it says False.
    """

    __slots__ = ("_data", "_decoder", "_limit", "_seen", "_since", "_started", "body", "continues", "head")

    def __init__(self, data: bytearray, limit: int) -> None:
        self._limit = limit
        self._data = data
        self._since: float | None = None
        self._decoder: _Length | _Chunks | None = None
        self._started = False
        self._seen = 0
        self.head: Head | None = None
        self.body: bytes | BodyError = b""
        self.continues = False

    @property
    def begun(self) -> bool:
        """Whether anything of a request has come; an empty line before one is nothing."""
        return self.head is not None or self._data.strip(b"\r\n") != b""

    @property
    def is_head_request(self) -> bool:
        """Whether the answer has no body, because the request begins as one for HEAD, whatever else is wrong."""
        return self._data.startswith(b"HEAD ") if self.head is None else self.head.method == "HEAD"

    @property
    def closes(self) -> bool:
        """Whether the connection ends after the answer."""
        return self.head is None or self.head.close or isinstance(self.body, BodyError)

    def timed_out(self, now: float) -> bool:
        """Whether the request has taken too long to come, however steadily. now: seconds, from any beginning."""
        if not self.begun:
            return False
        if self._since is None:
            self._since = now
        return now - self._since > (HEAD_TIMEOUT if self.head is None else REQUEST_TIMEOUT)

    def read(self) -> bool:
        """Take what there is; whether the request is whole. Errors: Problem, as diptych.core.http.wire.request_head."""
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
        return True

    def end(self) -> bool:
        """Take that nothing more will come; whether there is a request. Errors: Problem 400 for half a head."""
        if self.head is None:
            if self._data.strip(b"\r\n"):
                raise problems.malformed("The head did not arrive whole.")
            return False
        self.body = BodyError.INCOMPLETE
        return True

    def _read_head(self) -> bool:
        data = self._data
        if not self._started:
            if not data or data == b"\r":
                return False
            self._started = True
            # RFC 9112 section 2.2: one empty line before a request is nothing.
            if data.startswith(b"\r\n"):
                del data[:2]
        end = request_head.find(data, self._seen)
        self._seen = len(data)
        if end < 0:
            return False
        found = self.head = request_head.read(bytes(data[:end]))
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
    """A body cannot be read on."""

    def __init__(self, reason: BodyError) -> None:
        self.reason = reason


class _Length:
    """A body of a known length."""

    __slots__ = ("_length", "body")

    def __init__(self, length: int) -> None:
        self._length = length
        self.body = bytearray()

    def feed(self, data: bytearray) -> bool:
        """Take what is the body's from the data; whether that is all of it."""
        missing = self._length - len(self.body)
        self.body += data[:missing]
        del data[:missing]
        return len(self.body) == self._length


class _Chunks:
    """A body in chunks (RFC 9112 section 7.1). Extensions and trailers are checked and left out."""

    __slots__ = ("_count", "_ended", "_left", "_limit", "_part", "body")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._count = max(CHUNKS, limit // CHUNK)
        self._left = 0
        self._ended = False
        self._part = self._size
        self.body = bytearray()

    def feed(self, data: bytearray) -> bool:
        """Take the body's share of the data, as far as it can be told; whether that is all.

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
        # A match holds on to the bytes it was found in, and they could not be taken away.
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
