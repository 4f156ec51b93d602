"""From an Answer to a Response."""

from __future__ import annotations

from core.http import json
from core.http.messages import JSON, Response
from core.http.operations import Answer, Route


def response(answer: Answer, prefix: str) -> Response:
    """The answer as bytes; Location gets the prefix the catalogue is mounted under."""
    headers = {} if answer.location is None else {"Location": prefix + answer.location}
    if answer.body is None:
        return Response(answer.status, headers=headers)
    return Response(answer.status, json.encode(answer.body), JSON, headers)


def options(route: Route) -> Response:
    """The answer to OPTIONS (RFC 9110 section 9.3.7)."""
    return Response(204, headers={"Allow": ", ".join(route.allowed)})
