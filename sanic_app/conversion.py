"""Convert Sanic's requests to the core's, and the core's responses to Sanic's."""

from __future__ import annotations

import time
from collections.abc import Mapping
from urllib.parse import unquote

import sanic
from sanic.exceptions import BadRequest, PayloadTooLarge

from diptych.core.http.request_response import BodyError, Request, Response
from diptych.core.http.wire import request_head
from diptych.sanic_app.server.http_protocol import Http
from diptych.sanic_app.server.response import CoreResponse


async def to_request(request: sanic.Request, path: str, parameters: Mapping[str, str]) -> Request:
    """Convert a request, after reading its body. path: the route's, without the mount prefix.

    Errors: Problem, as diptych.core.http.wire.request_head.
    """
    body = await _body(request)
    return Request(
        method=request.method,
        prefix=prefix_of(request, path),
        parameters={name: unquote(value) for name, value in parameters.items()},
        query=request.query_string,
        # A head exists only if the core has not parsed it: inside another application.
        headers=request_head.read(request.head).headers if request.head else to_headers(request),
        client=request.conn_info.client_ip if request.conn_info else "",
        body=body,
        arrived=request.stream.incoming.arrived if isinstance(request.stream, Http) else time.monotonic(),
    )


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


async def _body(request: sanic.Request) -> bytes | BodyError:
    if isinstance(request.stream, Http):
        return request.stream.incoming.body
    try:
        await request.receive_body()  # type: ignore[no-untyped-call]
    except PayloadTooLarge:
        return BodyError.TOO_LARGE
    except BadRequest:
        return BodyError.INCOMPLETE
    return request.body


def to_response(response: Response) -> sanic.HTTPResponse:
    """Convert a response, adding nothing."""
    return CoreResponse(response)
