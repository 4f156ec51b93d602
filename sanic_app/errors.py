"""Errors that Sanic itself raises, rendered as the core's problems."""

from __future__ import annotations

from typing import Any, cast

import sanic
from sanic.exceptions import MethodNotAllowed, NotFound, SanicException

from diptych.core.aio.application import Application
from diptych.core.http import problems
from diptych.core.http.problems import Problem
from diptych.core.http.unknown_addresses import problem_of
from diptych.sanic_app.conversion import method_of, to_headers, to_response


def register_errors(app: sanic.Sanic[Any, Any], application: Application) -> None:
    """Register the handlers in an application that serves only the catalogue; another one keeps its own."""

    def refuse(request: sanic.Request, problem: Problem) -> sanic.HTTPResponse:
        return to_response(application.refuse(problem, method_of(request), to_headers(request)))

    async def method_not_allowed(request: sanic.Request, _error: MethodNotAllowed) -> sanic.HTTPResponse:
        # A method that no route is registered for. The path's OPTIONS route has the allowed ones.
        try:
            _, handler, parameters = app.router.get(request.path, "OPTIONS", None)
        except NotFound:
            return refuse(request, problems.not_found())
        return cast("sanic.HTTPResponse", await handler(request, **parameters))

    def sanic_error(request: sanic.Request, error: SanicException) -> sanic.HTTPResponse:
        # RFC 9110 section 9.3.7: `OPTIONS *` is about the server, not an address.
        if request.raw_url == b"*" and request.method == "OPTIONS":
            return to_response(application.about_server(to_headers(request)))
        return refuse(request, problem_of(error.status_code, request.path, application.routes))

    def unexpected(request: sanic.Request, error: Exception) -> sanic.HTTPResponse:
        return to_response(application.fail(error, method_of(request), to_headers(request)))

    app.error_handler.add(MethodNotAllowed, method_not_allowed)
    app.error_handler.add(Problem, refuse)
    app.error_handler.add(SanicException, sanic_error)
    app.error_handler.add(Exception, unexpected)
