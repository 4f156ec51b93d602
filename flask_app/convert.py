"""Flask's request to the core's, and the core's response to Flask's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast
from urllib.parse import unquote

import flask
from werkzeug.exceptions import RequestEntityTooLarge

from core.http.messages import Request, Response, Unread
from core.http.reasons import status_line
from flask_app.raw_path import RAW


def to_request(request: flask.Request, path: str, parameters: Mapping[str, str]) -> Request:
    """The request, read to its end. `path` is the rule's, without the prefix it was mounted under."""
    rule = request.url_rule.rule if request.url_rule is not None else path
    return Request(
        method=request.method,
        prefix=request.root_path.rstrip("/") + rule.removesuffix(path),
        parameters={name: unquote(value) for name, value in parameters.items()}
        if RAW in request.environ
        else parameters,
        query=request.query_string.decode("latin-1"),
        headers=to_headers(request),
        body=_body(request),
    )


def _body(request: flask.Request) -> bytes | Unread:
    if unread := getattr(request.environ["wsgi.input"], "unread", None):
        return cast("Unread", unread)
    try:
        body = request.get_data(cache=False)
    except RequestEntityTooLarge:
        return Unread.TOO_LARGE
    except Exception:  # noqa: BLE001 - each WSGI server has exceptions of its own for a broken body
        return Unread.INCOMPLETE
    # gunicorn hands over what has come when a client goes away, as if it were all.
    return body if len(body) >= (request.content_length or 0) else Unread.INCOMPLETE


def to_headers(request: flask.Request) -> dict[str, str]:
    """The request's headers, by their names in lower case."""
    return {name.lower(): value for name, value in request.headers.items()}


def to_response(response: Response) -> flask.Response:
    """The response, with nothing added to it."""
    answer = flask.Response(response.body, status_line(response.status))
    answer.headers.clear()
    if response.content_type is not None:
        answer.headers["Content-Type"] = response.content_type
        answer.headers["Content-Length"] = str(len(response.body))
    answer.headers.update(response.headers)
    return answer
