"""WSGI (PEP 3333) between the core's request reader and response writer."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes
from wsgiref.util import is_hop_by_hop

from diptych.core.http.request_response import Body
from diptych.core.http.wire.response_writer import SERVER, date, message
from diptych.core.sync.response_stream import ResponseStream
from diptych.flask_app.server.connection import Connection
from diptych.flask_app.server.parts import Parts

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

Answer = tuple[int, Iterable[tuple[str, object]], bytes | Parts]
"""A status, headers and a body, or an iterator of its parts."""


class Content(io.BytesIO):
    """A body as `wsgi.input`, with its time of arrival. body: as the core takes it, a file or an error among others."""

    def __init__(self, body: Body, arrived: float) -> None:
        super().__init__(body if isinstance(body, bytes) else b"")
        self.body = body
        self.arrived = arrived


def make_environ(connection: Connection, *, multiprocess: bool) -> WSGIEnvironment:
    """Build the environ of the connection's request, which is complete."""
    reader = connection.reader
    head = reader.head
    assert head is not None  # noqa: S101 - it is complete
    path, _, query = head.target.partition("?")
    environ: WSGIEnvironment = {
        "REQUEST_METHOD": head.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
        "QUERY_STRING": query,
        # The undecoded target, under gunicorn's name.
        "RAW_URI": head.target,
        # The server's own version, whatever the client's (RFC 9110 section 6.2).
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": Content(reader.body, reader.arrived),
        # Reads end with the body, also of a chunked message, which has no length.
        "wsgi.input_terminated": True,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": multiprocess,
        "wsgi.run_once": False,
    }
    # A Unix socket has no host and port, nor have its clients.
    server, peer = connection.address, connection.peer
    environ["SERVER_NAME"], environ["SERVER_PORT"] = map(str, server[:2] if isinstance(server, tuple) else ("", ""))
    environ["REMOTE_ADDR"], environ["REMOTE_PORT"] = map(str, peer[:2] if isinstance(peer, tuple) else ("", ""))
    for name, value in head.headers.items():
        variable = name.upper().replace("-", "_")
        environ[variable if name in ("content-type", "content-length") else f"HTTP_{variable}"] = value
    return environ


def call(application: WSGIApplication, environ: WSGIEnvironment) -> Answer:
    """Run the application; to the end, if its response has a length.

    Errors: the application's; ValueError where it does not start a response.
    """
    started: list[tuple[int, list[tuple[str, str]]]] = []
    parts: list[bytes] = []

    def start_response(
        status: str, headers: list[tuple[str, str]], _exc_info: Any = None, /
    ) -> Callable[[bytes], object]:
        # Nothing has been sent yet: a later call replaces an earlier one, with exc_info or without.
        started[:] = [(int(status[:3]), headers)]
        return parts.append

    result = application(environ, start_response)
    if started and not parts and environ["REQUEST_METHOD"] != "HEAD":
        has_length = _has_length(*started[0])
        if isinstance(result, ResponseStream) or not has_length:
            return *started[0], Parts(result, is_sized=has_length)
    try:
        parts.extend(result)
    finally:
        if hasattr(result, "close"):
            result.close()
    ((status, headers),) = started
    return status, headers, b"".join(parts)


def _has_length(status: int, headers: Iterable[tuple[str, str]]) -> bool:
    """Return whether the length of a body is known from the head of the response."""
    return status in (204, 304) or any(name.lower() == "content-length" for name, _ in headers)


def serialize(answer: Answer, *, method: str, close: bool, old: bool = False) -> bytes:
    """Serialize a response, or the head of one with a body in parts: every one that this server sends.

    old: whether the client speaks HTTP/1.0, for which the end of the connection ends a body in parts.
    Errors: ValueError, as `message`.
    """
    status, headers, body = answer
    fields: list[tuple[str, object]] = [
        ("Server", SERVER),
        ("Date", date()),
        ("Connection", "close" if close else "keep-alive"),
    ]
    fields += [(name, value) for name, value in headers if not is_hop_by_hop(name)]
    if method == "HEAD" or status in (204, 304):
        return message(status, fields, b"")
    if isinstance(body, Parts):
        framing = [] if old or body.is_sized else [("Transfer-Encoding", "chunked")]
        return message(status, [*fields, *framing], b"")
    fields = [field for field in fields if field[0].lower() != "content-length"]
    return message(status, [*fields, ("Content-Length", len(body))], body)
