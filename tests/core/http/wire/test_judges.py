"""Our reader beside llhttp and h11: what one of them takes and another does not is listed, with its reason."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.core.http.wire.judges import JUDGES, MORE, Taken, ours
from tests.core.http.wire.listed_differences import ABSOLUTE, LISTED, TAKEN, Difference, Listed, differences, unlisted
from tests.support.wire import fill
from tests.wire.table import CASES

# Whole bodies of megabytes, byte by byte, are for nothing.
LONGEST = 3000

NEXT = b"GET /next HTTP/1.1\r\nHost: h\r\n\r\n"

GOOD = (
    b"GET / HTTP/1.1\r\nHost: h\r\n\r\n",
    b"HEAD /a?b=c HTTP/1.1\r\nHost: h:80\r\nX-A: b, c\r\nConnection: close\r\n\r\n",
    b"GET /a HTTP/1.0\r\nX-A: b\r\n\r\n",
    b"OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n",
    b"GET http://h/a?b HTTP/1.1\r\nHost: h\r\n\r\n",
    b"POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello",
    b"POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    b'PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nHost: h\r\n\r\n2;a;b="c"\r\nhe\r\n3;x\r\nllo\r\n0\r\nX:\r\n\r\n',
)

ODD = [
    *(bytes([byte]) for byte in b'\0\t\n\x0b\r "#%,-/0159:;=@AX[\\_ax{\x7f\x80\xa0\xb2\xff'), b"\r\n", b"\r\r\n",
    b"\n\n", b"\r\n ", b"\r\n\t", b"\r\n\r\n", b"  ", b"0x", b"\xc3\xa9",
]  # fmt: skip

LINES = [
    b"Content-Length: 5", b"Content-Length: 3", b"Content-Length: 0", b"Content-Length: +5", b"Content-Length: 5, 5",
    b"Content-Length: 05", b"Content-Length:", b"Content-Length : 5", b"Content_Length: 5", b"content-length: 0x5",
    b"Content-Length: 99999999999999999999999", b"Transfer-Encoding: chunked", b"transfer-encoding: Chunked",
    b"Transfer-Encoding: gzip, chunked", b"Transfer-Encoding: chunked, identity", b"Transfer-Encoding: identity",
    b"Transfer-Encoding : chunked", b"Transfer-Encoding:\x0bchunked", b"Transfer-Encoding: xchunked",
    b"Transfer-Encoding:", b"Transfer_Encoding: chunked", b" Transfer-Encoding: chunked", b"Host: other", b"Host:",
    b"Connection: close", b"Connection: keep-alive", b"Connection: upgrade", b"Upgrade: h2c", b"Expect: 100-continue",
    b"Expect: x", b" folded", b"X-A", b": x", b"X-A:", b"Cookie: a", b"Trailer: X-A",
]  # fmt: skip

SIZES = [
    b"5", b"05", b"0", b"6", b"4", b"0x5", b"5 ", b" 5", b"5;", b"5;a", b"5;a=b", b"5;a=", b"5;\n", b"+5", b"-5", b"5_",
    b"F", b"f", b"5\r", b"5 ;a", b'5;a="\\""', b"00000000000000005", b"10000000000000005",
]  # fmt: skip

ENDS = [b"\n", b"\r", b"\r\r\n", b"\n\r", b"", b"\r\n\r\n", b" \r\n", b"\r\n ", b"\0\r\n"]

_LINE = re.compile(rb"[^\n]*\n")
_SIZE = re.compile(rb"(?<=\n)[0-9A-F]+(?:;[^\r\n]*)?(?=\r\n)")


def _byte(message: bytes, place: int, choice: int) -> bytes:
    place %= len(message) + 1
    dropped, odd = choice % 3, [b"", *ODD][choice // 3 % (len(ODD) + 1)]
    return message[:place] + odd + message[place + dropped :]


def _line(message: bytes, place: int, choice: int) -> bytes:
    return _put(message, _LINE, place, lambda line: line + LINES[choice % len(LINES)] + b"\r\n")


def _line_twice(message: bytes, place: int, _: int) -> bytes:
    return _put(message, _LINE, place, lambda line: line * 2)


def _end(message: bytes, place: int, choice: int) -> bytes:
    return _put(message, _LINE, place, lambda line: line.rstrip(b"\r\n") + ENDS[choice % len(ENDS)])


def _size(message: bytes, place: int, choice: int) -> bytes:
    return _put(message, _SIZE, place, lambda _: SIZES[choice % len(SIZES)])


def _put(message: bytes, what: re.Pattern[bytes], place: int, made: Callable[[bytes], bytes]) -> bytes:
    """Make something else of one of the places that are like a pattern, where there are any."""
    places = [found.span() for found in what.finditer(message)]
    if not places:
        return message
    start, end = places[place % len(places)]
    return message[:start] + made(message[start:end]) + message[end:]


Spoilt = tuple[Callable[[bytes, int, int], bytes], int, int]


def _spoilt(message: bytes, spoilt: list[Spoilt]) -> bytes:
    for spoil, place, choice in spoilt:
        message = spoil(message, place, choice)
    return message + NEXT


_SPOILT = st.tuples(
    st.sampled_from([_byte, _byte, _line, _line_twice, _end, _size]), st.integers(0, 999), st.integers(0, 999)
)
MESSAGES = st.builds(_spoilt, st.sampled_from(GOOD), st.lists(_SPOILT, min_size=1, max_size=2))
"""Good requests with one or two things wrong with each, and another behind it."""


def requests(message: bytes) -> list[bytes]:
    """Return a message from the beginning of each request in it, as our reader finds them."""
    found = []
    while message:
        found.append(message)
        read = ours(message)
        if not isinstance(read, Taken) or read.closes:
            break
        message = message[read.used :]
    return found


def test_every_difference_about_the_table_is_listed():
    names = {"prefix": ""} | dict.fromkeys(("author", "AUTHOR", "book", "tag", "slug", "isbn", "name", "marker"), "x")
    asked = [each for case in CASES if len(case.message) < LONGEST for each in requests(fill(case.message, names))]

    assert len(asked) > 1100
    assert {each: found for each in asked if (found := unlisted(each))} == {}


@settings(max_examples=500, derandomize=True, database=None)
@given(MESSAGES)
def test_every_difference_about_what_is_made_is_listed(message: bytes):
    for each in requests(message):
        assert unlisted(each) == []


@pytest.mark.parametrize("listed", LISTED, ids=lambda listed: f"{listed.ours}-{listed.theirs}-{listed.where!r}")
def test_a_difference_that_is_listed_is_there(listed: Listed):
    found = [each for each in differences(listed.example) if listed.holds(each, listed.example)]

    assert [each.judge for each in found] == list(listed.judges)


@pytest.mark.parametrize("message", GOOD)
def test_what_is_good_is_read_alike(message: bytes):
    read = [judge(message + NEXT) for judge in JUDGES.values()]

    assert [each.used for each in read if isinstance(each, Taken)] == [len(message)] * len(read)
    assert [each for each in differences(message + NEXT) if each.ours != ABSOLUTE] == []


def test_no_reader_takes_a_truncated_message_for_complete():
    for message in GOOD:
        assert {judge(message[:-1]) for judge in (ours, *JUDGES.values())} == {MORE}


def test_a_difference_that_is_not_listed_is_found(monkeypatch: pytest.MonkeyPatch):
    message = GOOD[6].replace(b"hello", b"hell")
    assert unlisted(message) == []

    monkeypatch.setitem(JUDGES, "h11", lambda _: ours(GOOD[6]))

    assert unlisted(message) == [Difference("h11", "INCOMPLETE", TAKEN)]
