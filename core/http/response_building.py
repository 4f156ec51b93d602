"""Build a Response from an OperationResult, and add the headers that every response has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import urlencode

from msgspec.structs import replace

from diptych.core.access.permissions import ABOUT_PEOPLE
from diptych.core.access.principal import Principal
from diptych.core.engine.schemas.pagination import Page
from diptych.core.http import content_coding, etag, file_responses, json, pagination_links, query_string
from diptych.core.http.cors import Cors
from diptych.core.http.operations import METHODS, Operation, OperationResult, Route, filled, relative_root
from diptych.core.http.request_ids import HEADER
from diptych.core.http.request_response import Request, Response

ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
}


def response(answer: OperationResult, operation: Operation, request: Request) -> Response:
    """Return the response of an operation, without the headers that every response has.

    Its addresses are those of a catalogue mounted at the root; `mounted` adds the prefix.
    """
    if answer.file is not None:
        found = file_responses.response(answer.file, request, operation.cache_control)
        return replace(found, content_type=_with_charset(answer.file.media_type))
    status = operation.status if answer.status is None else answer.status
    headers = dict(answer.headers)
    media_type = _with_charset(answer.media_type or operation.media_type)
    if answer.stream is not None:
        headers["Cache-Control"] = operation.cache_control
        return Response(status, b"", media_type, headers, answer.stream)
    if answer.body is None:
        # Of a redirection that has no type Sanic would say "None", inside another application.
        return Response(status, b"", "text/html; charset=utf-8" if status == 303 else None, headers)
    if operation.secret:
        headers["Cache-Control"] = "no-store"
    if operation.resource_path is not None:
        headers |= _addresses(answer, operation, operation.resource_path, request, status)
    body = answer.body if isinstance(answer.body, bytes) else json.encode(answer.body)
    if operation.method == "GET":
        headers["Cache-Control"] = operation.cache_control
    if operation.tagged:
        headers["ETag"] = etag.entity_tag(body)
    if isinstance(answer.body, Page):
        target = filled(operation.path, request.parameters.__getitem__)
        headers["Link"] = pagination_links.of_page(answer.body, target, request.query)
    return Response(status, body, media_type, headers)


def _addresses(
    answer: OperationResult, operation: Operation, path: str, request: Request, status: int
) -> dict[str, str]:
    """Return the headers with the address of the resource that a response is about."""
    location = filled(path, lambda name: getattr(answer.body, name))
    found = {"Location": location} if status == 201 else {}
    if operation.is_representation:
        # The query parameters of a read that shape the body, such as `include`, apply to a write's response too.
        # Those of an upload are about its file.
        asked = urlencode(query_string.pairs(request.query)) if operation.stores_file is None else ""
        found["Content-Location"] = f"{location}?{asked}" if asked else location
    return found


def _with_charset(media_type: str) -> str:
    """Return a media type with the charset that text and XML need (RFC 6657, RFC 7303); JSON has none (RFC 8259)."""
    needs_one = media_type.startswith("text/") or media_type.endswith("xml")
    return f"{media_type}; charset=utf-8" if needs_one and "charset=" not in media_type else media_type


def addressed(response: Response, operation: Operation, principal: Principal, prefix: str) -> Response:
    """Return the response for this client of a catalogue that is mounted under a prefix."""
    response = private(response, principal, operation)
    return located(response, operation.path) if operation.for_browsers else mounted(response, prefix)


def mounted(response: Response, prefix: str) -> Response:
    """Return the response with the mount prefix in its addresses."""
    if not prefix:
        return response
    headers = dict(response.headers)
    for name in headers.keys() & {"Location", "Content-Location"}:
        headers[name] = prefix + headers[name]
    if "Link" in headers:
        headers["Link"] = headers["Link"].replace("<", f"<{prefix}")
    return replace(response, headers=headers)


def located(response: Response, path: str) -> Response:
    """Return the response of a page with a relative Location, as its links are. path: of its operation."""
    location = response.headers.get("Location", "")
    if not location.startswith("/"):
        return response
    return replace(response, headers={**response.headers, "Location": f"{relative_root(path)}{location[1:]}"})


def private(response: Response, principal: Principal, operation: Operation) -> Response:
    """Return the response to a known client: no shared cache keeps it, and a browser's for this token only.

    A page shows who has signed in, so that it depends on the cookie. What is about people is kept nowhere. RFC 9111
    sections 5.2.2.5, 5.2.2.7 and 4.1.
    """
    kept = response.headers.get("Cache-Control")
    is_page = operation.for_browsers and not operation.public
    if kept in (None, "no-store") or (principal.is_anonymous and not is_page):
        return response
    if operation.needed in ABOUT_PEOPLE:
        return replace(response, headers={**response.headers, "Cache-Control": "no-store"})
    control = kept if principal.is_anonymous or kept.startswith("private") else f"private, {kept}"
    vary = "Cookie" if is_page else "Authorization"
    return replace(response, headers={**response.headers, "Cache-Control": control, "Vary": vary})


def server_options() -> Response:
    """Return the response to `OPTIONS *`, which is about the server as a whole (RFC 9110 section 9.3.7)."""
    return Response(204, headers={"Allow": ", ".join(METHODS)})


def options(route: Route, allowed: Sequence[str], headers: Mapping[str, str], cors: Cors) -> Response:
    """Return the response to OPTIONS (RFC 9110 section 9.3.7), which may be a CORS preflight."""
    accepts = route.accepts if allowed == route.allowed else {}
    return Response(204, headers={"Allow": ", ".join(allowed), **accepts, **cors.preflight(headers, allowed)})


def finished(response: Response, method: str, request: Mapping[str, str], cors: Cors, request_id: str) -> Response:
    """Add the headers that every response has, apply the content coding, and reduce it to 304 where the ETag matches.

    request: the request's headers.
    """
    headers = {**ALWAYS, HEADER: request_id, **cors.headers(request), **response.headers}
    own = [response.headers["Vary"]] if "Vary" in response.headers else []
    vary = ["Accept-Encoding"] * bool(response.body) + own + ["Origin"] * cors.varies
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
    return Response(response.status, body, response.content_type, headers, response.stream)
