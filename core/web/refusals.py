"""Errors: pages for people below /ui, problems in JSON everywhere else."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import unquote

from diptych.core.access.principal import UNKNOWN, Principal
from diptych.core.access.sessions.schemas import CARRIED
from diptych.core.errors import FieldError
from diptych.core.http import form_files, problems, query_string
from diptych.core.http.operations import FORM, Operation, Route, filled, is_for_browsers
from diptych.core.http.problems import Problem
from diptych.core.http.request_response import Request, Response
from diptych.core.http.spool import SpoolError
from diptych.core.web import templates
from diptych.core.web.forms import Form, Refused, carried
from diptych.core.web.frame import HEADERS, HTML, Frame, frame_of
from diptych.core.web.wording import TEXTS, text

BEGINNING = 2 * CARRIED
"""Bytes of a form with a file that are read for its fields, which come before the file."""

CORRECTABLE = (409, 422, 429, 503)
"""Statuses after which a form is shown again with everything that was typed."""


def response_to(problem: Problem, route: Route, request: Request, principal: Principal = UNKNOWN) -> Response:
    """Return the response to a request that was refused. principal: who sent it, as far as that was found out."""
    if not is_for_browsers(route.path):
        return problems.render(problem, request.prefix)
    frame, operation = frame_of(route.path, principal), route.operation
    if operation is not None and operation.refused is not None and problem.status in CORRECTABLE:
        refused = Refused(frame, problem, _typed(operation, request), _address(route, request))
        return _response(problem, operation.refused(refused))
    typed = {"next": _address(route, request)}
    if problem.status == 401 and operation is not None and FORM in operation.accepts:
        typed["form"] = _carried(operation, request)
        typed["file"] = "on" if form_files.has_file(request) else ""
    return _page(problem, frame, typed)


def response_at(problem: Problem, path: str, prefix: str) -> Response:
    """Return the response to a request that a server or a framework refused. path: as far as it is known."""
    return _page(problem, frame_of(path, UNKNOWN), {}) if is_for_browsers(path) else problems.render(problem, prefix)


def _typed(operation: Operation, request: Request) -> dict[str, str]:
    """Return the fields of a form as they were sent."""
    if operation.method == "GET":
        return dict(query_string.pairs(request.query))
    # No browser compresses a form.
    if FORM not in operation.accepts or "content-encoding" in request.headers:
        return {}
    try:
        return form_files.fields_of(request, BEGINNING)
    except (ValueError, SpoolError):
        return {}  # a request that is refused before its body is read may have one that is no form, or is not written


def _carried(operation: Operation, request: Request) -> str:
    """Return what was typed, to be sent after signing in; empty where it is more than any form has."""
    is_long = isinstance(request.body, bytes) and len(request.body) > CARRIED
    kept = "" if is_long else carried(_typed(operation, request))
    return kept if len(kept) <= CARRIED else ""


def _address(route: Route, request: Request) -> str:
    """Return the address of the page, from the root of the mount, to come back to."""
    path = filled(route.path, request.parameters.__getitem__)[1:]
    return f"{path}?{request.query}" if request.query and request.method in ("GET", "HEAD") else path


def _page(problem: Problem, frame: Frame, typed: Mapping[str, str]) -> Response:
    """Return the page about a problem. typed: hidden fields of the form to sign in, if it is one to sign in at."""
    key = str(problem.status)
    abouts = [about for name in (problem.kind.name, key) if (about := f"error.about.{name}") in TEXTS]
    body = templates.render(
        "error.html",
        frame,
        status=problem.status,
        title=text(f"error.{key}" if f"error.{key}" in TEXTS else "error.other"),
        about=text(abouts[0]) if abouts else problem.detail,
        faults=[_fault(each) for each in problem.field_errors],
        wait=_wait(problem.headers.get("Retry-After", "")),
        form=Form(typed),
    )
    return _response(problem, body)


def _response(problem: Problem, body: bytes) -> Response:
    return Response(problem.status, body, HTML, {"Cache-Control": "no-store", **HEADERS, **problem.headers})


def _fault(field_error: FieldError) -> tuple[str, str]:
    """Return where something is wrong, and what."""
    return field_error.parameter or unquote(problems.pointer(field_error.path or ())), field_error.detail


def _wait(seconds: str) -> str:
    """Return when to try again, in words; empty if that is soon."""
    if not seconds.isdecimal() or int(seconds) < 5:
        return ""
    if int(seconds) < 120:
        return text("error.try_again", seconds=seconds)
    return text("error.try_again_minutes", minutes=-(-int(seconds) // 60))
