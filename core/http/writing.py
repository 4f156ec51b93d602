"""From an Answer to a Response, and what every response carries."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

from core.http import codings, conditional, json, links
from core.http.cors import Cors
from core.http.messages import Request, Response
from core.http.operations import Answer, Operation, Route
from core.schemas.lists import Page

ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
}


def response(answer: Answer, operation: Operation, request: Request) -> Response:
    """The answer as a response to the request that it answers, without what every response carries."""
    status = operation.status if answer.status is None else answer.status
    headers = dict(answer.headers)
    if answer.of is not None:
        headers["Content-Location"] = request.prefix + answer.of
        if status == 201:
            headers["Location"] = request.prefix + answer.of
    if answer.body is None:
        return Response(status, headers=headers)
    body = answer.body if isinstance(answer.body, bytes) else json.encode(answer.body)
    if operation.method == "GET":
        headers["Cache-Control"] = operation.cache_control
    if _is_tagged(operation, answer):
        headers["ETag"] = conditional.entity_tag(body)
    if isinstance(answer.body, Page):
        headers["Link"] = links.of_page(answer.body, _target(operation, request), request.query)
    return Response(status, body, answer.media_type, headers)


def _is_tagged(operation: Operation, answer: Answer) -> bool:
    """Whether the body is a representation that a later request can be made to depend on.

    Never the answer to PUT: what is stored is not what was sent, byte for byte (RFC 9110 section 9.3.4).
    """
    if operation.method == "GET":
        return operation.cache_control != "no-store"
    return operation.method != "PUT" and answer.of is not None


def _target(operation: Operation, request: Request) -> str:
    return request.prefix + operation.path.format(
        **{name: quote(value, safe="") for name, value in request.parameters.items()}
    )


def options(route: Route, headers: Mapping[str, str], cors: Cors) -> Response:
    """The answer to OPTIONS (RFC 9110 section 9.3.7), a browser's question before a cross-origin request included."""
    return Response(
        204,
        headers={"Allow": ", ".join(route.allowed), **route.accepts, **cors.preflight(headers, route.allowed)},
    )


def finished(response: Response, method: str, request: Mapping[str, str], cors: Cors) -> Response:
    """The response with what every one carries, in the content coding that is asked for; 304 where that is enough.

    request: the request's headers.
    """
    headers = {**ALWAYS, **cors.headers(request), **response.headers}
    vary = ["Accept-Encoding"] * bool(response.body) + ["Origin"] * cors.varies
    if vary:
        headers["Vary"] = ", ".join(vary)
    coding = codings.choose(request.get("accept-encoding", ""), len(response.body))
    if "ETag" in headers:
        headers["ETag"] = conditional.coded(headers["ETag"], coding)
        if method in ("GET", "HEAD") and conditional.none_match_fails(
            request.get("if-none-match", ""), headers["ETag"]
        ):
            headers.pop("Link", None)
            return Response(304, headers=headers)
    body = response.body
    if coding is not None:
        body = codings.CODERS[coding](body)
        headers["Content-Encoding"] = coding
    return Response(response.status, body, response.content_type, headers)
