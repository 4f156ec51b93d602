"""Every error as an RFC 9457 problem."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from diptych.core import errors
from diptych.core.access.permissions import Permission
from diptych.core.access.principal import Principal
from diptych.core.errors import FieldError
from diptych.core.http import json
from diptych.core.http.problem_types import PROBLEM_TYPES, ProblemType
from diptych.core.http.request_response import Response

logger = logging.getLogger("diptych")

PROBLEM_JSON = "application/problem+json"


# Not frozen: contextlib sets the traceback of an exception that passes through a context manager.
@dataclass
class Problem(Exception):
    """An error with an HTTP status, whose members are exactly those of the response.

    own_status: a status that differs from its type's. page: the path where a page has to tell it, where no route has.
    shows: what the page of a refused form shows besides, of the operation's own type.
    """

    kind: ProblemType
    detail: str
    field_errors: Sequence[FieldError] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    own_status: int | None = None
    page: str = ""
    shows: Any = None

    @property
    def status(self) -> int:
        """The status of the response."""
        return self.own_status or self.kind.status


def _problem(
    name: str,
    detail: str | None = None,
    field_errors: Sequence[FieldError] = (),
    headers: Mapping[str, str] | None = None,
) -> Problem:
    kind = PROBLEM_TYPES[name]
    return Problem(kind, detail or kind.example, field_errors, headers or {})


_REALM = 'Bearer realm="diptych"'


def unauthorized(wrong: str | None = None) -> Problem:
    """Return a 401 with the challenge of RFC 6750 section 3. wrong: with the token that was sent, if one was."""
    if wrong is None:
        return _problem("unauthorized", headers={"WWW-Authenticate": _REALM})
    challenge = f'{_REALM}, error="invalid_token", error_description="{wrong}"'
    return _problem("unauthorized", f"{wrong}.", headers={"WWW-Authenticate": challenge})


def forbidden(permission: str, role: str = "") -> Problem:
    """Return a 403; the challenge names the permission as the scope that is needed (RFC 6750 section 3.1).

    role: of the client; "none" is explained.
    """
    challenge = f'{_REALM}, error="insufficient_scope", scope="{permission}"'
    why = ", and the token gives no role here" if role == "none" else ""
    return _problem("forbidden", f"This needs {permission}{why}.", headers={"WWW-Authenticate": challenge})


def not_permitted(principal: Principal, permission: Permission) -> Problem:
    """Return the problem of a client that lacks a permission: 401 where nobody is known, 403 for an account."""
    return unauthorized() if principal.is_anonymous else forbidden(permission, principal.role)


def cross_site(*, anonymous: bool = False) -> Problem:
    """Return a 403: a page of another site has made a request, with a user's cookies or without a token."""
    ways = " without a token, unless DIPTYCH_CORS_ORIGINS names its origin"
    return _problem("cross-site", f"A page of another site cannot do this{ways if anonymous else ''}.")


def not_found(detail: str = "There is nothing at this address.") -> Problem:
    """Return a 404."""
    return _problem("not-found", detail)


def method_not_allowed(allowed: Sequence[str]) -> Problem:
    """Return a 405; `allowed` becomes the Allow header (RFC 9110 section 15.5.6)."""
    allow = ", ".join(sorted(allowed))
    return _problem("method-not-allowed", f"Allowed here: {allow}.", headers={"Allow": allow})


def precondition_failed() -> Problem:
    """Return a 412 (RFC 9110 section 15.5.13)."""
    return _problem("precondition-failed")


def precondition_required() -> Problem:
    """Return a 428 (RFC 6585 section 3)."""
    return _problem("precondition-required")


def key_in_use() -> Problem:
    """Return a 409: a request with the same idempotency key is still running."""
    return _problem("key-in-use", headers={"Retry-After": "1"})


def key_reused() -> Problem:
    """Return a 422: the idempotency key was used for a different request."""
    return _problem("key-reused")


def too_large(limit: int) -> Problem:
    """Return a 413; `limit` in bytes."""
    return _problem("too-large", f"A body may have {limit} bytes at most.")


def storage_limit(limit: int, stored: int) -> Problem:
    """Return the problem of a client that has as much stored as it may."""
    return _problem("storage-limit", f"An account may have {limit} bytes of files stored; {stored} are.")


def unsupported_media_type(detail: str, headers: Mapping[str, str]) -> Problem:
    """Return a 415; the headers name what is accepted (RFC 9110 section 15.5.16)."""
    return _problem("unsupported-media-type", detail, headers=headers)


def range_not_satisfiable(size: int) -> Problem:
    """Return a 416 (RFC 9110 section 15.5.17). size: of the file, in bytes."""
    headers = {"Content-Range": f"bytes */{size}"}
    return _problem("range-not-satisfiable", f"The file has {size} bytes.", headers=headers)


def malformed(detail: str) -> Problem:
    """Return a 400: the message could not be parsed."""
    return _problem("malformed", detail)


def internal() -> Problem:
    """Return a 500, which reveals nothing about the error."""
    return _problem("internal")


_OF_SERVERS = {
    408: "request-timeout",
    414: "uri-too-long",
    417: "expectation-failed",
    421: "misdirected-request",
    431: "header-too-large",
}


def of_status(status: int) -> Problem:
    """Return the problem for an error status of a framework or server."""
    if status == 404:
        return not_found()
    if status == 503:
        return unavailable()
    if status in _OF_SERVERS:
        return _problem(_OF_SERVERS[status])
    if 400 <= status < 500:
        return Problem(PROBLEM_TYPES["malformed"], "The request cannot be accepted as it is.", own_status=status)
    return internal()


def unexpected(error: Exception) -> Problem:
    """Return the bare 500 for an unexpected exception; its traceback goes to the log, once."""
    logger.error("unexpected error", exc_info=error)
    return internal()


def log_abort(error: Exception, request_id: str) -> None:
    """Log why a response that has begun is aborted: it can say so no more."""
    expected = isinstance(error, errors.CatalogueError)
    reason = error.detail if isinstance(error, errors.CatalogueError) else "unexpected error"
    logger.log(
        logging.WARNING if expected else logging.ERROR,
        "the response to the request %s was aborted: %s",
        request_id,
        reason,
        exc_info=None if expected else error,
    )


def too_many_requests(seconds: int) -> Problem:
    """Return a 429 (RFC 6585 section 4). seconds: until the request may be sent again."""
    return _problem("too-many-requests", headers={"Retry-After": str(seconds)})


def unavailable(detail: str | None = None) -> Problem:
    """Return a 503, to be retried."""
    return _problem("unavailable", detail, headers={"Retry-After": "1"})


def of_form(error: errors.CatalogueError, shows: Any) -> Problem:
    """Return the problem of a form, with what its page shows besides."""
    problem = of_error(error)
    problem.shows = shows
    return problem


def of_error(error: errors.CatalogueError) -> Problem:
    """Return the problem for one of the core's own errors."""
    match error:
        case errors.NotFound():
            return _problem("not-found", error.detail, error.field_errors)
        case errors.ValidationFailed():
            return _problem("invalid", error.detail, error.field_errors)
        case errors.Conflict():
            return _problem("conflict", error.detail, error.field_errors)
        case errors.ServiceUnavailable():
            if isinstance(error, errors.SchemaOutdated):
                # Inside another application this line is the only sign of it that the operator gets.
                logger.warning(error.detail)
            return unavailable(error.detail)
    raise TypeError(f"no problem for {type(error).__name__}") from error


def render(problem: Problem, prefix: str = "") -> Response:
    """Render the problem as a response: type, title, status, detail, and `errors` where there are field errors.

    prefix: where the catalogue is mounted; `type` is an address below it.
    """
    body: dict[str, Any] = {
        "type": f"{prefix}/problems/{problem.kind.name}",
        "title": problem.kind.title,
        "status": problem.status,
        "detail": problem.detail,
    }
    if problem.field_errors:
        body["errors"] = [_fault(field_error) for field_error in problem.field_errors]
    headers = {"Cache-Control": "no-store", **problem.headers}
    return Response(problem.status, json.encode(body), PROBLEM_JSON, headers)


def _fault(field_error: FieldError) -> dict[str, str]:
    where = (
        {"parameter": field_error.parameter}
        if field_error.parameter is not None
        else {"pointer": pointer(field_error.path or ())}
    )
    return {**where, "code": field_error.code, "detail": field_error.detail}


def pointer(path: Sequence[str | int]) -> str:
    """Return a path into a JSON text as a JSON Pointer (RFC 6901)."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in path)
