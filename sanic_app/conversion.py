"""Sanic's request to the core's, and the core's response to Sanic's."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import unquote

import sanic
from sanic.exceptions import BadRequest, PayloadTooLarge

from diptych.core.http.request_response import BodyError, Request, Response
from diptych.core.http.wire import request_head
from diptych.sanic_app.http_protocol import CoreResponse, Http


async def to_request(request: sanic.Request, path: str, parameters: Mapping[str, str]) -> Request:
    """The request, read to its end, which is now. `path` is the route's, without the prefix it was mounted under.

    Errors: Problem, as diptych.core.http.wire.request_head.
    """
    return Request(
        method=request.method,
        prefix=prefix_of(request, path),
        parameters={name: unquote(value) for name, value in parameters.items()},
        query=request.query_string,
        # A head is there when the core has not read it: inside someone else's application.
        headers=request_head.read(request.head).headers if request.head else to_headers(request),
        body=await _body(request),
    )


def to_headers(request: sanic.Request) -> dict[str, str]:
    """The request's headers, by their names in lower case."""
    return {name.lower(): value for name, value in request.headers.items()}


def method_of(request: sanic.Request) -> str:
    """The request's method; of one that could not be read, only whether its answer is to have no body."""
    if request.method != "NONE":  # Sanic's stand-in for a request
        return request.method
    return "HEAD" if isinstance(request.stream, Http) and request.stream.head_only else ""


def prefix_of(request: sanic.Request, path: str) -> str:
    """Where the catalogue is mounted."""
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
    """The response, with nothing added to it."""
    return CoreResponse(response)
