"""The request reader gives the same requests however the bytes are split."""

from __future__ import annotations

import hashlib
import itertools
import re
from collections.abc import Callable, Iterable, Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diptych.core.http.problems import Problem
from diptych.core.http.request_response import BodyError, Refused
from diptych.core.http.spool import Spool
from diptych.core.http.transfers import BodyLimits
from diptych.core.http.wire import request_head as head
from diptych.core.http.wire import request_reader
from diptych.core.http.wire.allowed_hosts import AllowedHosts
from diptych.core.http.wire.request_reader import RequestReader
from diptych.core.http.wire.timeouts import HEAD_TIMEOUT, LEAST_RATE, RATE_WINDOW, REQUEST_TIMEOUT
from tests.wire.table import CASES

MESSAGES = sorted({case.message.replace(b"{prefix}", b"") for case in CASES if len(case.message) < 3000})
LIMIT = 100
ANY = AllowedHosts("*")
POST = b"POST / HTTP/1.1\r\nHost: x\r\n"
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"

Outcome = tuple[object, ...]


class Connection:
    """The requests of one connection."""

    def __init__(self, limit: int = LIMIT) -> None:
        self.data = bytearray()
        self.limit = limit
        self.incoming = RequestReader(self.data, BodyLimits(limit), ANY)

    def feed(self, piece: bytes) -> bool:
        self.data += piece
        whole = self.incoming.read()
        if self.incoming.unadmitted:
            self.incoming.admit(None)
            whole = self.incoming.read()
        return whole

    def go_on(self) -> None:
        self.incoming = RequestReader(self.data, BodyLimits(self.limit), ANY)


def outcomes(pieces: list[bytes]) -> list[Outcome]:
    """Return the head and body of each request in some pieces; a problem, if any, is the last."""
    found: list[Outcome] = []
    connection, waiting = Connection(), [*pieces]
    try:
        while True:
            while waiting:
                if connection.feed(waiting.pop(0)):
                    break
            else:
                if connection.incoming.end():
                    found.append((connection.incoming.head, connection.incoming.body))
                return found
            found.append((connection.incoming.head, connection.incoming.body))
            if connection.incoming.closes:
                return found
            waiting.insert(0, b"")
            connection.go_on()
    except Problem as problem:
        return [*found, (problem.status, problem.detail, connection.incoming.is_head_request)]


@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_a_request_is_the_same_in_small_pieces(size: int):
    for message in MESSAGES:
        pieces = [message[start : start + size] for start in range(0, len(message), size)]

        assert outcomes(pieces) == outcomes([message]), message


@settings(max_examples=500)
@given(st.sampled_from(MESSAGES), st.lists(st.integers(0, 3000), max_size=5))
def test_a_request_is_the_same_cut_anywhere(message: bytes, cuts: list[int]):
    places = sorted({0, len(message), *(cut % (len(message) + 1) for cut in cuts)})
    pieces = [message[start:end] for start, end in itertools.pairwise(places)]

    assert outcomes(pieces) == outcomes([message])


@settings(max_examples=500)
@given(st.sampled_from(MESSAGES), st.integers(0), st.binary(max_size=3), st.integers(0, 4))
def test_whatever_comes_is_a_request_or_a_problem(message: bytes, place: int, noise: bytes, dropped: int):
    place %= len(message) + 1

    for found in outcomes([message[:place] + noise + message[place + dropped :]]):
        assert len(found) in (2, 3)


def test_what_is_too_long_is_refused_before_its_end_has_come():
    for start, piece, status in [
        (b"", b"x" * 100, 414),
        (b"GET / HTTP/1.1\r\n", b"X: yz\r\n", 431),
        (b"GET / HTTP/1.1\r\nX: ", b"x" * 100, 431),
    ]:
        connection = Connection()
        connection.feed(start)
        with pytest.raises(Problem) as problem:
            any(connection.feed(piece) for _ in range(4000))
        assert problem.value.status == status


def test_a_body_is_not_read_further_than_it_may_be_long():
    connection = Connection()

    assert not connection.feed(CHUNKED + b"64\r\n" + b"x" * LIMIT + b"\r\n")
    assert connection.feed(b"1\r\n")
    assert connection.incoming.closes


def test_a_head_that_comes_byte_by_byte_costs_no_more_for_a_byte_than_its_first_line(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(head, "_BARE_LF", CountedSearch(head._BARE_LF))
    message = b"GET /authors?" + b"x" * 8000 + b" HTTP/1.1\r\nHost: a\r\n" + (b"X: " + b"y" * 155 + b"\r\n") * 100
    data = Counted()
    incoming = RequestReader(data, BodyLimits(LIMIT), ANY)

    most = 0
    for byte in message:
        data.append(byte)
        before = data.looked_at
        assert not incoming.read()
        most = max(most, data.looked_at - before)

    # And less than searching everything received so far would read, which is three times as much.
    assert message.index(b"\n") < most < message.index(b"\n") + 10


class Counted(bytearray):
    """Bytes that count how many of them searches read."""

    looked_at = 0

    def find(self, what: bytes, start: int, end: int) -> int:  # type: ignore[override]
        found = super().find(what, start, end)
        self.looked_at += (min(end, len(self)) if found < 0 else found + len(what)) - start
        return found


class CountedSearch:
    """A pattern that reports to such bytes what it reads."""

    def __init__(self, pattern: re.Pattern[bytes]) -> None:
        self._pattern = pattern

    def search(self, data: Counted, start: int, end: int) -> re.Match[bytes] | None:
        data.looked_at += min(end, len(data)) - start
        return self._pattern.search(data, start, end)


def refusal(pieces: Iterable[bytes]) -> int | BodyError | None:
    """Return what a request in pieces is refused with, once the last of them has come at the latest."""
    connection = Connection()
    try:
        assert any(connection.feed(piece) for piece in pieces)
    except Problem as problem:
        return problem.status
    return connection.incoming.body if isinstance(connection.incoming.body, BodyError) else None


def header(size: int) -> bytes:
    """Return a header line of so many bytes, with its line end."""
    return b"X: ".ljust(size - 2, b"x") + b"\r\n"


@pytest.mark.parametrize(
    ("most", "message", "refused"),
    [
        (8190, lambda size: b"GET /".ljust(size - 9, b"x") + b" HTTP/1.1\r\nHost: x\r\n\r\n", 414),
        (16384, lambda size: b"GET / HTTP/1.1\r\nHost: x\r\n" + header(size - 9) + b"\r\n", 431),
        (100, lambda lines: b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X:\r\n" * (lines - 1) + b"\r\n", 431),
        (256, lambda size: CHUNKED + b"1;".ljust(size, b"x") + b"\r\nx\r\n0\r\n\r\n", BodyError.INCOMPLETE),
        (16384, lambda size: CHUNKED + b"0\r\n" + header(size) + b"\r\n", BodyError.INCOMPLETE),
    ],
    ids=["request line", "header lines", "number of header lines", "chunk-size line", "trailer lines"],
)
def test_each_part_may_be_as_long_as_its_limit_and_not_longer(
    most: int, message: Callable[[int], bytes], refused: int | BodyError
):
    for size, expected in [(most, None), (most + 1, refused), (most + 1000, refused)]:
        sent = message(size)
        assert refusal([sent]) == expected
        # The end of it byte by byte.
        assert refusal([sent[:-300], *(bytes([byte]) for byte in sent[-300:])]) == expected


def test_a_line_of_a_body_that_is_too_long_is_refused_before_its_end_has_come():
    for line, most in [(b"1;", 256), (b"0\r\nX: ", 16384)]:
        assert refusal([CHUNKED + line.ljust(most + 100, b"x")]) == BodyError.INCOMPLETE


@pytest.mark.parametrize("target", [b"*", b"-", b"?a", b"books"])
def test_a_target_is_a_path_and_a_star_only_with_options(target: bytes):
    assert refusal([b"GET " + target + b" HTTP/1.1\r\nHost: x\r\n\r\n"]) == 400
    assert refusal([b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n"]) is None


@pytest.mark.parametrize("method", [b"GET", b"HEAD", b"POST"])
def test_a_request_of_head_is_known_before_its_head_is_whole_and_after(method: bytes):
    connection = Connection()
    for piece in (method + b" / HTTP/1.1\r\n", b"Host: x\r\n\r\n"):
        connection.feed(piece)
        assert connection.incoming.is_head_request == (method == b"HEAD")


@pytest.mark.parametrize(
    ("framing", "continues"),
    [
        (b"Content-Length: 100", True),
        (b"Transfer-Encoding: chunked", True),
        (b"Content-Length: 101", False),
        (b"Content-Length: 0", False),
    ],
)
def test_a_client_is_told_to_continue_only_with_a_body_that_is_read(framing: bytes, continues: bool):  # noqa: FBT001
    connection = Connection()
    connection.feed(POST + b"Expect: 100-continue\r\n" + framing + b"\r\n\r\n")

    assert connection.incoming.continues == continues


@pytest.mark.parametrize(("limit", "chunks"), [(2048, 1024), (2**20, 4096)])
def test_a_body_may_come_in_many_chunks_and_not_in_any_number(limit: int, chunks: int):
    size = chunks - 1  # and the last one
    for more, body in [(0, b"x" * size), (1, BodyError.INCOMPLETE)]:
        connection = Connection(limit)
        assert connection.feed(CHUNKED + b"1\r\nx\r\n" * (size + more) + b"0\r\n\r\n")
        assert connection.incoming.body == body


def test_a_request_has_its_time_to_come_whole_and_a_head_less():
    connection = Connection()

    assert not connection.incoming.timed_out(0)
    assert not connection.feed(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n")
    # Its time begins with its first byte.
    assert not connection.incoming.timed_out(1000)
    assert not connection.incoming.timed_out(1000 + HEAD_TIMEOUT)
    assert connection.incoming.timed_out(1001 + HEAD_TIMEOUT)
    assert not connection.feed(b"\r\n{")
    assert not connection.incoming.timed_out(1000 + REQUEST_TIMEOUT)
    assert connection.incoming.timed_out(1001 + REQUEST_TIMEOUT)


@pytest.fixture
def upload() -> Iterator[Connection]:
    """Yield a connection on which PUT sends a file of up to a million bytes."""
    connection = Connection()
    limits = BodyLimits(LIMIT, 1_000_000, lambda method, path: (method, path) == ("PUT", "/file"))
    connection.incoming = RequestReader(connection.data, limits, ANY)
    yield connection
    connection.incoming.close()


SENT = b"PUT /file?x=1 HTTP/1.1\r\nHost: x\r\n"


@pytest.mark.parametrize("framing", [b"Content-Length: 200000\r\n\r\n", b"Transfer-Encoding: chunked\r\n\r\n"])
def test_a_file_is_in_no_memory_and_may_be_larger_than_other_bodies(upload: Connection, framing: bytes):
    content = bytes(range(250)) * 800
    upload.feed(SENT + framing)
    for start in range(0, len(content), 50_000):
        piece = content[start : start + 50_000]
        whole = upload.feed(piece if b"Length" in framing else b"%x\r\n%b\r\n" % (len(piece), piece))
        assert (upload.incoming.received, upload.incoming.spooled) == (0, start + 50_000)
    whole = upload.feed(b"" if b"Length" in framing else b"0\r\n\r\n")

    body = upload.incoming.body
    assert whole
    assert isinstance(body, Spool)
    assert body.digest == hashlib.sha256(content).hexdigest()
    assert body.rewound().read() == content
    assert body.head == content[:65_536]


@pytest.mark.parametrize(
    "framing", [b"Content-Length: 1000001\r\n\r\n", b"Transfer-Encoding: chunked\r\n\r\nf4241\r\n"]
)
def test_a_file_has_a_limit_of_its_own(upload: Connection, framing: bytes):
    assert upload.feed(SENT + framing)
    assert upload.incoming.body is BodyError.TOO_LARGE


def test_nothing_of_a_file_is_received_before_it_is_admitted(upload: Connection):
    upload.data += SENT + b"Content-Length: 3\r\nExpect: 100-continue\r\n\r\nabc"
    incoming = upload.incoming

    assert [incoming.read(), incoming.unadmitted, incoming.continues, incoming.spooled] == [False, True, False, 0]
    incoming.admit(None)
    assert [incoming.unadmitted, incoming.continues] == [False, True]
    assert incoming.read()
    assert isinstance(incoming.body, Spool)
    assert not incoming.closes


def test_a_file_that_is_refused_is_not_received_and_ends_the_connection(upload: Connection):
    upload.data += SENT + b"Transfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n3\r\nabc\r\n"
    incoming, refused = upload.incoming, Refused(ValueError())
    incoming.read()

    incoming.admit(refused)

    assert incoming.read()
    assert [incoming.body, incoming.continues, incoming.closes, incoming.spooled] == [refused, False, True, 0]
    assert upload.data == b""


def test_a_file_has_a_least_rate_instead_of_a_time(upload: Connection):
    upload.feed(SENT + b"Content-Length: 1000000\r\n\r\n")
    least = LEAST_RATE * RATE_WINDOW

    assert not upload.incoming.timed_out(1000)
    upload.feed(b"x" * least)
    assert not upload.incoming.timed_out(1000 + RATE_WINDOW)
    upload.feed(b"x" * (least - 1))
    assert not upload.incoming.timed_out(1000 + 2 * RATE_WINDOW - 1)
    assert upload.incoming.timed_out(1000 + 2 * RATE_WINDOW)


def test_a_file_for_which_the_disk_has_no_room_is_not_read_further(upload: Connection, monkeypatch: pytest.MonkeyPatch):
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Spool, "_file", full)

    assert upload.feed(SENT + b"Content-Length: 1000\r\n\r\nx")
    assert upload.incoming.body is BodyError.NOT_WRITTEN


def test_a_request_arrives_when_it_is_complete(monkeypatch: pytest.MonkeyPatch):
    connection = Connection()
    for moment, piece in enumerate([b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n", b"\r\na", b"b"]):
        monkeypatch.setattr(request_reader, "monotonic", lambda now=moment: float(now))
        connection.feed(piece)

    assert (connection.incoming.body, connection.incoming.arrived) == (b"ab", 2.0)
