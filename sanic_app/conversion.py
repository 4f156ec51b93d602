"""Convert Sanic's requests to the core's, and the core's responses to Sanic's."""

from __future__ import annotations

import time
from collections.abc import Mapping
from urllib.parse import unquote

import sanic
from sanic.exceptions import BadRequest, NotFound, PayloadTooLarge

from diptych.core.access.principal import HostUser
from diptych.core.http.request_response import Body, BodyError, Request, Response
from diptych.core.http.spool import Spool, SpoolError
from diptych.core.http.unknown_addresses import ends_as_sent
from diptych.core.http.wire import request_head
from diptych.sanic_app.server.http_protocol import Http
from diptych.sanic_app.server.response import CoreResponse


async def to_request(
    request: sanic.Request, path: str, parameters: Mapping[str, str], user: HostUser | None, *, is_file: bool
) -> Request:
    """Convert a request, after reading its body. path: the route's, without the mount prefix.

    user: who sent it, where the application knows. is_file: whether the body is a file, which is not read then, unless
    our server has read it.

    Errors: Problem, as diptych.core.http.wire.request_head; sanic.NotFound.
    """
    if not ends_as_sent(path, request.path):
        raise NotFound
    ours = isinstance(request.stream, Http)
    body = None if is_file and not ours else await _body(request)
    return Request(
        method=request.method,
        prefix=prefix_of(request, path),
        parameters={name: unquote(value) for name, value in parameters.items()},
        query=request.query_string,
        headers=to_headers(request) if ours else _validated(request),
        client=request.conn_info.client_ip if request.conn_info else "",
        body=body,
        user=user,
        arrived=request.stream.incoming.arrived if isinstance(request.stream, Http) else time.monotonic(),
    )


def _validated(request: sanic.Request) -> dict[str, str]:
    """Validate the head that another application's server, or an ASGI server, parsed, by the core's rules.

    Errors: Problem.
    """
    head = request.head
    if not head:
        # An ASGI server passes on the parts alone, and may have no limits.
        lines = [b"%b %b HTTP/1.1" % (request.method.encode(), request.raw_url)]
        lines += [f"{name}: {value}".encode("latin-1", "replace") for name, value in request.headers.items()]
        head = b"\r\n".join(lines)
        request_head.find(head + b"\r\n\r\n")
    return request_head.read(head).headers


def to_headers(request: sanic.Request) -> dict[str, str]:
    """Return the request's headers, names in lower case."""
    return {name.lower(): value for name, value in request.headers.items()}


def method_of(request: sanic.Request) -> str:
    """Return the method; for an unreadable request, HEAD or not is all that is known."""
    if request.method != "NONE":  # Sanic's placeholder request
        return request.method
    return "HEAD" if isinstance(request.stream, Http) and request.stream.head_only else ""


def prefix_of(request: sanic.Request, path: str) -> str:
    """Return the prefix where the catalogue is mounted."""
    return (request.uri_template or path).removesuffix(path)


async def read_file(request: sanic.Request, limit: int) -> BodyError | Spool:
    """Read the file that is the body of a request. limit: in bytes."""
    spool = Spool()
    error = BodyError.TOO_LARGE
    try:
        spool.extend(request.body)  # a host has read it
        async for piece in request.stream:  # type: ignore[union-attr]  # as in `_body`
            spool.extend(piece)
            if len(spool) > limit:
                break
        else:
            return spool
    except PayloadTooLarge:
        pass
    except BadRequest:
        error = BodyError.INCOMPLETE
    except SpoolError:
        error = BodyError.NOT_WRITTEN
    spool.close()
    return error


async def _body(request: sanic.Request) -> Body:
    if isinstance(request.stream, Http):
        return request.stream.incoming.body
    if request.body:  # a host has read it
        return request.body
    body = bytearray()
    try:
        async for piece in request.stream:  # type: ignore[union-attr]  # as Sanic's own receive_body() does
            body += piece
            # Sanic's own server has the same limit, an ASGI server none.
            if len(body) > request.app.config.REQUEST_MAX_SIZE:
                return BodyError.TOO_LARGE
    except PayloadTooLarge:
        return BodyError.TOO_LARGE
    except BadRequest:
        return BodyError.INCOMPLETE
    request.body = bytes(body)
    return request.body


def to_response(response: Response) -> sanic.HTTPResponse:
    """Convert a response, adding nothing."""
    return CoreResponse(response)
