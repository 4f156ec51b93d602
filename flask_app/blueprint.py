"""The table of operations as a Flask blueprint, for an application of our own or of someone else's."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import flask

from diptych.core.access.principal import HostUser
from diptych.core.http.operations import Route, native_path
from diptych.core.http.problems import Problem
from diptych.core.settings import Settings
from diptych.core.sync.application import Application
from diptych.flask_app.commands import add_commands
from diptych.flask_app.conversion import prefix_of, read_file, to_headers, to_request, to_response

View = Callable[..., flask.Response]


def create_blueprint(
    catalogue: Application | Settings,
    name: str = "diptych",
    *,
    principal: Callable[[flask.Request], HostUser | None] | None = None,
) -> flask.Blueprint:
    """Every route of the table; mount it under any fixed prefix with `app.register_blueprint(..., url_prefix=...)`.

    principal: returns the application's own user who sends a request; for None, the request's token counts.
    """
    application = catalogue if isinstance(catalogue, Application) else Application(catalogue)
    blueprint = flask.Blueprint(name, __name__)
    blueprint.record(partial(add_commands, settings=application.settings))
    for route in application.routes:
        path = native_path(route.path, "<{}>")
        blueprint.add_url_rule(
            path,
            endpoint=route.name,
            view_func=_view(application, route, path, principal or _nobody),
            methods=route.methods,
            strict_slashes=not path.endswith("/"),  # otherwise werkzeug redirects from "/prefix" to "/prefix/"
            merge_slashes=False,
            provide_automatic_options=False,
        )
    return blueprint


def _nobody(_request: flask.Request) -> None:
    return None


def _view(
    application: Application, route: Route, path: str, principal: Callable[[flask.Request], HostUser | None]
) -> View:
    identifies = route.operation is not None and route.operation.needed is not None
    file_limit = application.file_limit_of(route)

    def view(**parameters: Any) -> flask.Response:
        user = principal(flask.request) if identifies else None
        try:
            asked = to_request(flask.request, path, parameters, user, is_file=file_limit is not None)
        except Problem as problem:
            prefix, headers = prefix_of(flask.request, path), to_headers(flask.request)
            return to_response(application.refuse(problem, flask.request.method, headers, prefix, route.path))
        if asked.body is None and file_limit is not None:
            asked = asked.received(application.admit(route, asked) or read_file(flask.request, file_limit))
        return to_response(application.handle(route, asked))

    return view
