"""What gunicorn's worker of our own makes of an application's answer (PEP 3333)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from diptych.flask_app.server import wsgi
from diptych.flask_app.server.parts import Parts


class Pieces:
    """A body in pieces that is closed once."""

    closed = 0

    def __iter__(self) -> Iterator[bytes]:
        yield b"b"
        yield b""
        yield b"c"

    def close(self) -> None:
        self.closed += 1


def test_what_an_application_writes_comes_before_what_it_returns():
    pieces = Pieces()

    def application(_environ: Any, start_response: Callable[..., Any]) -> Pieces:
        start_response("200 OK", [("X-One", "1")])(b"a")
        return pieces

    assert wsgi.call(application, {}) == (200, [("X-One", "1")], b"abc")
    assert pieces.closed == 1


def test_an_application_that_fails_may_say_something_else():
    def application(_environ: Any, start_response: Callable[..., Any]) -> list[bytes]:
        start_response("200 OK", [])
        start_response("500 Oh", [("Content-Length", "0")], (ValueError, ValueError(), None))
        return []

    assert wsgi.call(application, {"REQUEST_METHOD": "GET"}) == (500, [("Content-Length", "0")], b"")


def test_an_application_that_fails_is_closed_all_the_same():
    class Broken(Pieces):
        def __iter__(self) -> Iterator[bytes]:
            yield b"a"
            raise ZeroDivisionError

    broken = Broken()

    def application(_environ: Any, start_response: Callable[..., Any]) -> Pieces:
        start_response("200 OK", [("Content-Length", "2")])
        return broken

    with pytest.raises(ZeroDivisionError):
        wsgi.call(application, {"REQUEST_METHOD": "GET"})
    assert broken.closed == 1


def test_a_body_without_a_length_is_read_in_parts_and_closed():
    pieces = Pieces()

    def application(_environ: Any, start_response: Callable[..., Any]) -> Pieces:
        start_response("200 OK", [])
        return pieces

    answer = wsgi.call(application, {"REQUEST_METHOD": "GET"})

    assert b"Transfer-Encoding: chunked" in wsgi.serialize(answer, method="GET", close=False)
    assert b"Transfer-Encoding" not in wsgi.serialize(answer, method="GET", close=True, old=True)
    parts = answer[2]
    assert isinstance(parts, Parts)
    assert (list(parts), pieces.closed) == ([b"b", b"c"], 0)
    parts.close()
    assert pieces.closed == 1
    assert wsgi.call(application, {"REQUEST_METHOD": "HEAD"})[2] == b"bc"


def test_an_application_that_says_no_status_is_an_error():
    with pytest.raises(ValueError, match="unpack"):
        wsgi.call(lambda _environ, _start_response: [], {})


def _fields(answer: wsgi.Answer, method: str = "GET", *, close: bool = False) -> tuple[set[bytes], bytes]:
    """Return the fields of the message of an answer, without the Date, and its body."""
    head, _, body = wsgi.serialize(answer, method=method, close=close).partition(b"\r\n\r\n")
    return {line for line in head.split(b"\r\n")[1:] if not line.startswith(b"Date: ")}, body


OURS = {b"Server: diptych", b"Connection: keep-alive"}


@pytest.mark.parametrize(
    ("status", "headers", "method", "fields", "body"),
    [
        (200, [], "GET", {b"Content-Length: 2"}, b"{}"),
        (200, [("Content-Length", "9")], "GET", {b"Content-Length: 2"}, b"{}"),
        (200, [("Content-Length", "9")], "HEAD", {b"Content-Length: 9"}, b""),
        (200, [], "HEAD", set(), b""),
        (204, [], "GET", set(), b""),
        (304, [("ETag", "x")], "GET", {b"ETag: x"}, b""),
        (200, [("Connection", "close"), ("Transfer-Encoding", "chunked")], "GET", {b"Content-Length: 2"}, b"{}"),
    ],
)
def test_the_server_frames_what_the_application_says(
    status: int, headers: list[tuple[str, object]], method: str, fields: set[bytes], body: bytes
):
    assert _fields((status, headers, b"{}"), method) == (OURS | fields, body)


def test_the_last_answer_of_a_connection_says_so():
    assert b"Connection: close" in _fields((200, [], b""), close=True)[0]


def test_a_field_of_two_lines_is_not_sent():
    with pytest.raises(ValueError, match="more than one line"):
        wsgi.serialize((200, [("X-One", "1\r\nX-Two: 2")], b""), method="GET", close=False)
