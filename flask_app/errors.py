"""Errors that Flask and werkzeug make, answered as the core answers its own."""

from __future__ import annotations

import flask
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from diptych.core.http.unknown_addresses import problem_of
from diptych.core.sync.application import Application
from diptych.flask_app.conversion import to_headers, to_response


def register_errors(app: flask.Flask, application: Application) -> None:
    """For an application that is the catalogue's alone; someone else's keeps its own handlers."""

    @app.errorhandler(MethodNotAllowed)
    def method_not_allowed(_error: MethodNotAllowed) -> flask.Response:
        # A method beyond those that routes are made for. The path's route for OPTIONS knows what is allowed there.
        adapter = app.create_url_adapter(flask.request)
        assert adapter is not None  # noqa: S101 - there is one in a request
        endpoint, parameters = adapter.match(method="OPTIONS")
        response: flask.Response = app.ensure_sync(app.view_functions[endpoint])(**parameters)
        return response

    @app.errorhandler(HTTPException)
    def http_error(error: HTTPException) -> flask.Response:
        # RFC 9110 section 9.3.7: not about an address, but about the server.
        if flask.request.environ.get("RAW_URI") == "*":
            return to_response(application.about_server(to_headers(flask.request)))
        problem = problem_of(error.code or 500, flask.request.path, application.routes)
        return to_response(application.refuse(problem, flask.request.method, to_headers(flask.request)))

    @app.errorhandler(Exception)
    def unexpected(error: Exception) -> flask.Response:
        return to_response(application.fail(error, flask.request.method, to_headers(flask.request)))
