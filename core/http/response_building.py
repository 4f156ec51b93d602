"""From an OperationResult to a Response, and what every response carries."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode

from msgspec.structs import replace

from diptych.core.engine.schemas.pagination import Page
from diptych.core.http import content_coding, etag, json, pagination_links, query_string
from diptych.core.http.cors import Cors
from diptych.core.http.operations import METHODS, Operation, OperationResult, Route, filled
from diptych.core.http.request_ids import HEADER
from diptych.core.http.request_response import Request, Response

ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
}


def response(answer: OperationResult, operation: Operation, request: Request) -> Response:
    """The answer as a response to the request that it answers, without what every response carries.

    Its addresses are those of a catalogue at the root: `mounted` puts them right.
    """
    status = operation.status if answer.status is None else answer.status
    headers = dict(answer.headers)
    if answer.body is None:
        return Response(status, headers=headers)
    if operation.resource_path is not None:
        location = filled(operation.resource_path, lambda name: getattr(answer.body, name))
        if status == 201:
            headers["Location"] = location
        # What a read asks for besides can be asked for there, too.
        asked = urlencode(query_string.pairs(request.query))
        headers["Content-Location"] = f"{location}?{asked}" if asked else location
    body = answer.body if isinstance(answer.body, bytes) else json.encode(answer.body)
    if operation.method == "GET":
        headers["Cache-Control"] = operation.cache_control
    if operation.tagged:
        headers["ETag"] = etag.entity_tag(body)
    if isinstance(answer.body, Page):
        target = filled(operation.path, request.parameters.__getitem__)
        headers["Link"] = pagination_links.of_page(answer.body, target, request.query)
    return Response(status, body, operation.media_type, headers)


def mounted(response: Response, prefix: str) -> Response:
    """The response with its addresses where the catalogue is mounted."""
    if not prefix:
        return response
    headers = dict(response.headers)
    for name in headers.keys() & {"Location", "Content-Location"}:
        headers[name] = prefix + headers[name]
    if "Link" in headers:
        headers["Link"] = headers["Link"].replace("<", f"<{prefix}")
    return replace(response, headers=headers)


def server_options() -> Response:
    """The answer to OPTIONS for the server as a whole (RFC 9110 section 9.3.7)."""
    return Response(204, headers={"Allow": ", ".join(METHODS)})


def options(route: Route, headers: Mapping[str, str], cors: Cors) -> Response:
    """The answer to OPTIONS (RFC 9110 section 9.3.7), a browser's question before a cross-origin request included."""
    return Response(
        204,
        headers={"Allow": ", ".join(route.allowed), **route.accepts, **cors.preflight(headers, route.allowed)},
    )


def finished(response: Response, method: str, request: Mapping[str, str], cors: Cors, request_id: str) -> Response:
    """The response with what every one carries, in the content coding that is asked for; 304 where that is enough.

    request: the request's headers.
    """
    headers = {**ALWAYS, HEADER: request_id, **cors.headers(request), **response.headers}
    vary = ["Accept-Encoding"] * bool(response.body) + ["Origin"] * cors.varies
    if vary:
        headers["Vary"] = ", ".join(vary)
    coding = content_coding.choose(request.get("accept-encoding", ""), len(response.body))
    if "ETag" in headers:
        headers["ETag"] = etag.coded(headers["ETag"], coding)
        if method in ("GET", "HEAD") and etag.none_match_fails(request.get("if-none-match", ""), headers["ETag"]):
            headers.pop("Link", None)
            return Response(304, headers=headers)
    body = response.body
    if coding is not None:
        body = content_coding.CODERS[coding](body)
        headers["Content-Encoding"] = coding
    return Response(response.status, body, response.content_type, headers)
