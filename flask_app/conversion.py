"""Flask's request to the core's, and the core's response to Flask's."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, cast
from urllib.parse import quote, unquote

import flask
from werkzeug.datastructures import Headers
from werkzeug.exceptions import NotFound, RequestEntityTooLarge
from werkzeug.wsgi import get_input_stream

from diptych.core.access.principal import HostUser
from diptych.core.http.request_response import BodyError, Request, Response
from diptych.core.http.spool import Spool, SpoolError
from diptych.core.http.unknown_addresses import ends_as_sent
from diptych.core.http.wire import request_head
from diptych.core.http.wire.reason_phrases import status_line
from diptych.flask_app.server.raw_path import RAW, sent_path

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

_ELSEWHERE = ("HTTP_CONTENT_TYPE", "HTTP_CONTENT_LENGTH")
"""What a server may say a second time, in variables that mean nothing (RFC 3875 section 4.1.18)."""


def to_request(
    request: flask.Request, path: str, parameters: Mapping[str, str], user: HostUser | None, *, is_file: bool
) -> Request:
    """Convert a request, and read it to its end. `path` is the rule's, without the prefix it was mounted under.

    user: who sent it, where the application knows. is_file: whether the body is a file, which is not read then, unless
    our server has read it.

    Errors: Problem, as diptych.core.http.wire.request_head.
    """
    content = request.environ["wsgi.input"]
    ours = hasattr(content, "body")
    if not ours:
        _judge(request)
    return Request(
        method=request.method,
        prefix=prefix_of(request, path),
        parameters=_parameters(request, path, parameters),
        query=request.query_string.decode("latin-1"),
        headers=to_headers(request),
        client=request.remote_addr or "",
        user=user,
        body=content.body if ours else None if is_file else _body(request),
        arrived=content.arrived if ours else time.monotonic(),
    )


def prefix_of(request: flask.Request, path: str) -> str:
    """Where the catalogue is mounted, percent-encoded as in an address."""
    rule = request.url_rule.rule if request.url_rule is not None else path
    return quote(request.root_path.rstrip("/") + rule.removesuffix(path), safe="/:@!$&'()*+,;=")


def _judge(request: flask.Request) -> None:
    """Validate the head that another WSGI server parsed, by the same rules. Errors: Problem."""
    environ = request.environ
    target = environ.get("RAW_URI") or environ.get("REQUEST_URI") or "/"
    # A server that speaks HTTP/2 passes the request on as HTTP/1.1.
    version = "HTTP/1.0" if environ["SERVER_PROTOCOL"] == "HTTP/1.0" else "HTTP/1.1"
    lines = [f"{request.method} {target} {version}"]
    lines += [f"{name}: {value}" for name, value in request.headers.items()]
    request_head.read("\r\n".join(lines).encode("latin-1", "replace"))


def _parameters(request: flask.Request, path: str, parameters: Mapping[str, str]) -> Mapping[str, str]:
    sent = sent_path(request.environ)
    if not ends_as_sent(path, request.path if sent is None else sent):
        raise NotFound
    if RAW in request.environ:
        return {name: unquote(value) for name, value in parameters.items()}
    if sent is None:
        return parameters
    # Someone else's application has matched the path decoded: "%61" for "a" would be found here and nowhere else.
    steps = path.split("/")[1:]
    given = dict(zip(steps, sent.split("/")[-len(steps) :], strict=False))
    if any(not step.startswith("<") and step != given.get(step) for step in steps):
        raise NotFound
    return {name: unquote(given[f"<{name}>"]) for name in parameters}


def _body(request: flask.Request) -> bytes | BodyError:
    try:
        body = request.get_data(cache=False)
    except RequestEntityTooLarge:
        return BodyError.TOO_LARGE
    except Exception:  # noqa: BLE001 - each WSGI server has exceptions of its own for a broken body
        return BodyError.INCOMPLETE
    # gunicorn hands over what has come when a client goes away, as if it were all.
    return body if len(body) >= (request.content_length or 0) else BodyError.INCOMPLETE


def read_file(request: flask.Request, limit: int) -> Spool | BodyError:
    """Read the file that is the body of a request. limit: in bytes."""
    spool = Spool()
    error = BodyError.TOO_LARGE
    # `request.stream` would have the application's limit of other bodies.
    stream = get_input_stream(request.environ)
    try:
        while len(spool) <= limit and (piece := stream.read(READ_SIZE)):
            spool.extend(piece)
        if len(spool) <= limit:
            # As in `_body`.
            if len(spool) >= (request.content_length or 0):
                return spool
            error = BodyError.INCOMPLETE
    except Exception as failure:  # noqa: BLE001 - as in `_body`
        error = BodyError.NOT_WRITTEN if isinstance(failure, SpoolError) else BodyError.INCOMPLETE
    spool.close()
    return error


def to_headers(request: flask.Request) -> dict[str, str]:
    """Return the request's headers, by their names in lower case."""
    found = {
        name[5:].replace("_", "-").lower(): value
        for name, value in request.environ.items()
        if name.startswith("HTTP_") and name not in _ELSEWHERE
    }
    for name, variable in (("content-type", "CONTENT_TYPE"), ("content-length", "CONTENT_LENGTH")):
        if value := request.environ.get(variable):
            found[name] = value
    return found


READ_SIZE = 65_536
"""Bytes of a file that are read at a time from another WSGI server."""


class CoreResponse(flask.Response):
    """A response of the core's, to which werkzeug adds nothing, and in which it looks for nothing to put right."""

    default_mimetype = None

    def get_wsgi_headers(self, environ: WSGIEnvironment) -> Headers:  # noqa: ARG002 - werkzeug's signature
        return self.headers


def to_response(response: Response) -> flask.Response:
    """Convert a response to Flask's."""
    headers = dict(response.headers)
    if response.content_type is not None:
        headers["Content-Type"] = response.content_type
    if response.stream is None and response.status not in (204, 304):
        headers.setdefault("Content-Length", str(len(response.body)))
    # A list: for bytes werkzeug would add Content-Length.
    body = [response.body] if response.stream is None else cast("Iterator[bytes]", response.stream)
    is_stream = response.stream is not None
    return CoreResponse(body, status_line(response.status), Headers(headers), direct_passthrough=is_stream)
