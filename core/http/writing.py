"""From an Answer to a Response."""

from __future__ import annotations

from core.http import json
from core.http.messages import Response
from core.http.operations import Answer, Route


def response(answer: Answer, declared: int, prefix: str) -> Response:
    """The answer as bytes, with the declared status unless it has its own; prefix: where the catalogue is mounted."""
    status = declared if answer.status is None else answer.status
    headers = {} if answer.location is None else {"Location": prefix + answer.location}
    if answer.body is None:
        return Response(status, headers=headers)
    body = answer.body if isinstance(answer.body, bytes) else json.encode(answer.body)
    return Response(status, body, answer.media_type, headers)


def options(route: Route) -> Response:
    """The answer to OPTIONS (RFC 9110 section 9.3.7)."""
    return Response(204, headers={"Allow": ", ".join(route.allowed)})
