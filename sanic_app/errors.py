"""Errors that Sanic makes, answered as the core answers its own."""

from __future__ import annotations

from typing import Any, cast

import sanic
from sanic.exceptions import MethodNotAllowed, NotFound, PayloadTooLarge, SanicException

from core.aio.application import Application
from core.http import problems
from sanic_app.convert import to_response


def register_errors(app: sanic.Sanic[Any, Any], application: Application) -> None:
    """For an application that is the catalogue's alone; someone else's keeps its own handlers."""

    async def method_not_allowed(request: sanic.Request, _error: MethodNotAllowed) -> sanic.HTTPResponse:
        # A method beyond those that routes are made for. The path's route for OPTIONS knows what is allowed there.
        try:
            _, handler, parameters = app.router.get(request.path, "OPTIONS", None)
        except NotFound:
            return to_response(application.refuse(problems.not_found()))
        return cast("sanic.HTTPResponse", await handler(request, **parameters))

    def too_large(_request: sanic.Request, _error: PayloadTooLarge) -> sanic.HTTPResponse:
        return to_response(application.refuse(problems.too_large(application.settings.max_body_bytes)))

    def sanic_error(_request: sanic.Request, error: SanicException) -> sanic.HTTPResponse:
        return to_response(application.refuse(problems.of_status(error.status_code)))

    def unexpected(request: sanic.Request, error: Exception) -> sanic.HTTPResponse:
        return to_response(application.unexpected(error, f"{request.method} {request.path}"))

    app.error_handler.add(MethodNotAllowed, method_not_allowed)
    app.error_handler.add(PayloadTooLarge, too_large)
    app.error_handler.add(SanicException, sanic_error)
    app.error_handler.add(Exception, unexpected)
