"""Every error as an RFC 9457 problem."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from diptych.core import errors
from diptych.core.errors import FieldError
from diptych.core.http import json
from diptych.core.http.problem_types import PROBLEM_TYPES, ProblemType
from diptych.core.http.request_response import Response

logger = logging.getLogger("diptych")

PROBLEM_JSON = "application/problem+json"


# Not frozen: a context manager that it leaves sets its traceback.
@dataclass
class Problem(Exception):
    """An error with an HTTP status: what a client is told, and no more.

    own_status: where it is not the status of its type.
    """

    kind: ProblemType
    detail: str
    field_errors: Sequence[FieldError] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    own_status: int | None = None

    @property
    def status(self) -> int:
        """The status it is answered with."""
        return self.own_status or self.kind.status


def _problem(
    name: str,
    detail: str | None = None,
    field_errors: Sequence[FieldError] = (),
    headers: Mapping[str, str] | None = None,
) -> Problem:
    kind = PROBLEM_TYPES[name]
    return Problem(kind, detail or kind.example, field_errors, headers or {})


def not_found(detail: str = "There is nothing at this address.") -> Problem:
    """404."""
    return _problem("not-found", detail)


def method_not_allowed(allowed: Sequence[str]) -> Problem:
    """405; `allowed` becomes the Allow header (RFC 9110 section 15.5.6)."""
    allow = ", ".join(sorted(allowed))
    return _problem("method-not-allowed", f"Allowed here: {allow}.", headers={"Allow": allow})


def precondition_failed() -> Problem:
    """412 (RFC 9110 section 15.5.13)."""
    return _problem("precondition-failed")


def precondition_required() -> Problem:
    """428 (RFC 6585 section 3)."""
    return _problem("precondition-required")


def key_in_use() -> Problem:
    """409: a request with this key is being answered."""
    return _problem("key-in-use", headers={"Retry-After": "1"})


def key_reused() -> Problem:
    """422: this key came with another request."""
    return _problem("key-reused")


def too_large(limit: int) -> Problem:
    """413; `limit` in bytes."""
    return _problem("too-large", f"A body may have {limit} bytes at most.")


def unsupported_media_type(detail: str, headers: Mapping[str, str]) -> Problem:
    """415; the headers name what is accepted (RFC 9110 section 15.5.16)."""
    return _problem("unsupported-media-type", detail, headers=headers)


def malformed(detail: str) -> Problem:
    """400: the message could not be read at all."""
    return _problem("malformed", detail)


def internal() -> Problem:
    """500: nothing of what happened is told."""
    return _problem("internal")


_OF_SERVERS = {
    408: "request-timeout",
    414: "uri-too-long",
    417: "expectation-failed",
    431: "header-too-large",
}


def of_status(status: int) -> Problem:
    """A problem for an error that a framework or server made, by its status alone."""
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
    """The bare problem for an exception nobody expected; its trace goes to the log, once."""
    logger.error("unexpected error", exc_info=error)
    return internal()


def unavailable(detail: str | None = None) -> Problem:
    """503, to be tried again."""
    return _problem("unavailable", detail, headers={"Retry-After": "1"})


def of_error(error: errors.CatalogueError) -> Problem:
    """A problem for what the core itself raises."""
    match error:
        case errors.NotFound():
            return _problem("not-found", error.detail, error.field_errors)
        case errors.ValidationFailed():
            return _problem("invalid", error.detail, error.field_errors)
        case errors.Conflict():
            return _problem("conflict", error.detail, error.field_errors)
        case errors.ServiceUnavailable():
            if isinstance(error, errors.SchemaOutdated):
                # Inside someone else's application nothing else tells whoever runs it.
                logger.warning(error.detail)
            return unavailable(error.detail)
    raise TypeError(f"no problem for {type(error).__name__}") from error


def render(problem: Problem, prefix: str = "") -> Response:
    """The problem as an answer: type, title, status, detail, and errors where single faults are known.

    prefix: where the catalogue is mounted, and with it the page that `type` names.
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
    """A path into a JSON text as a JSON Pointer (RFC 6901)."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in path)
