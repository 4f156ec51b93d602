"""Three readers of one request: ours, and two that others have written, to judge ours by."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import h11
import httptools

from diptych.core.http.problems import Problem
from diptych.core.http.request_response import BodyError
from diptych.core.http.transfers import BodyLimits
from diptych.core.http.wire.allowed_hosts import AllowedHosts
from diptych.core.http.wire.request_reader import RequestReader
from tests.contract.making import LIMIT

MORE = "more has to come"


@dataclass(frozen=True)
class Taken:
    """What a reader makes of the first request in some bytes.

    headers: names in lower case, of a repeated one all values in one. used: bytes, after which the next request begins.
    closes: whether there is to be none.
    """

    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    used: int
    closes: bool


Verdict = Taken | str
"""A request, or what is said where there is none."""


def ours(data: bytes) -> Verdict:
    left = bytearray(data)
    reader = RequestReader(left, BodyLimits(LIMIT), AllowedHosts("*"))
    try:
        if not reader.read():
            return MORE
    except Problem as problem:
        return f"{problem.status} {problem.detail}"
    head = reader.head
    assert head is not None
    if isinstance(reader.body, BodyError):
        return reader.body.name
    used = len(data) - len(left)
    return Taken(head.method, head.target, head.headers, reader.body, used, reader.closes)


def llhttp(data: bytes) -> Verdict:
    """Node.js's reader, in httptools. Byte by byte, because it does not say where a request ends."""
    events = _Events()
    parser = events.parser = httptools.HttpRequestParser(events)
    for place in range(len(data)):
        try:
            parser.feed_data(data[place : place + 1])
        except httptools.HttpParserUpgrade:
            # Whoever uses it is to speak something else from here on. We do not, and read the next request.
            events.whole = True
        except httptools.HttpParserError as error:
            return str(error)
        if events.whole:
            return _taken(
                parser.get_method(), events.target, events.fields, events.body, place + 1, closes=events.closes
            )
    return MORE


class _Events:
    parser: httptools.HttpRequestParser

    def __init__(self) -> None:
        self.target = self.body = b""
        self.fields: list[tuple[bytes, bytes]] = []
        self.in_body = self.whole = self.closes = False

    def on_url(self, part: bytes) -> None:
        self.target += part

    def on_header(self, name: bytes, value: bytes) -> None:
        # Trailers come here as well.
        if not self.in_body:
            self.fields.append((name, value))

    def on_headers_complete(self) -> None:
        self.in_body = True
        # It is forgotten when the message is whole.
        self.closes = not self.parser.should_keep_alive()

    def on_body(self, part: bytes) -> None:
        self.body += part

    def on_message_complete(self) -> None:
        self.whole = True


def by_h11(data: bytes) -> Verdict:
    """h11, without its own limit of a head."""
    connection = h11.Connection(h11.SERVER, max_incomplete_event_size=len(data) + 1)
    connection.receive_data(data)
    request, body = None, b""
    try:
        while not isinstance(event := connection.next_event(), h11.EndOfMessage):
            if event is h11.NEED_DATA:
                return MORE
            if isinstance(event, h11.Request):
                request = event
            elif isinstance(event, h11.Data):
                body += event.data
    except h11.RemoteProtocolError as error:
        return str(error)
    assert request is not None
    used = len(data) - len(connection.trailing_data[0])
    # Until it is refused, it may be that something else than HTTP is spoken from here on.
    connection.send(h11.Response(status_code=404, headers=[]))
    closes = connection.their_state is h11.MUST_CLOSE
    return _taken(request.method, request.target, request.headers, body, used, closes=closes)


JUDGES: dict[str, Callable[[bytes], Verdict]] = {"llhttp": llhttp, "h11": by_h11}


def _taken(
    method: bytes, target: bytes, fields: Iterable[tuple[bytes, bytes]], body: bytes, used: int, *, closes: bool
) -> Taken:
    headers: dict[str, str] = {}
    for name, value in (
        (name.decode("latin-1").lower(), value.decode("latin-1").strip(" \t")) for name, value in fields
    ):
        # RFC 9110 section 5.3, and for cookies RFC 6265 section 5.4.
        between = "; " if name == "cookie" else ", "
        headers[name] = headers[name] + between + value if name in headers else value
    return Taken(method.decode("latin-1"), target.decode("latin-1"), headers, body, used, closes)
