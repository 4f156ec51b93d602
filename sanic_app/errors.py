"""Errors that Sanic makes, answered as the core answers its own."""

from __future__ import annotations

from typing import Any, cast

import sanic
from sanic.exceptions import MethodNotAllowed, NotFound, SanicException

from diptych.core.aio.application import Application
from diptych.core.http import problems
from diptych.core.http.problems import Problem
from diptych.sanic_app.conversion import method_of, to_headers, to_response


def register_errors(app: sanic.Sanic[Any, Any], application: Application) -> None:
    """For an application that is the catalogue's alone; someone else's keeps its own handlers."""

    def refuse(request: sanic.Request, problem: Problem) -> sanic.HTTPResponse:
        return to_response(application.refuse(problem, method_of(request), to_headers(request)))

    async def method_not_allowed(request: sanic.Request, _error: MethodNotAllowed) -> sanic.HTTPResponse:
        # A method beyond those that routes are made for. The path's route for OPTIONS knows what is allowed there.
        try:
            _, handler, parameters = app.router.get(request.path, "OPTIONS", None)
        except NotFound:
            return refuse(request, problems.not_found())
        return cast("sanic.HTTPResponse", await handler(request, **parameters))

    def sanic_error(request: sanic.Request, error: SanicException) -> sanic.HTTPResponse:
        # RFC 9110 section 9.3.7: not about an address, but about the server.
        if request.raw_url == b"*" and request.method == "OPTIONS":
            return to_response(application.about_server(to_headers(request)))
        return refuse(request, problems.of_status(error.status_code))

    def unexpected(request: sanic.Request, error: Exception) -> sanic.HTTPResponse:
        return to_response(application.fail(error, method_of(request), to_headers(request)))

    app.error_handler.add(MethodNotAllowed, method_not_allowed)
    app.error_handler.add(Problem, refuse)
    app.error_handler.add(SanicException, sanic_error)
    app.error_handler.add(Exception, unexpected)
