"""The table of operations as a Sanic blueprint, for an application of our own or of someone else's."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

import sanic

from core.aio.application import Application
from core.http.operations import Route, native_path
from core.settings import Settings
from sanic_app.convert import to_request, to_response

View = Callable[..., Coroutine[Any, Any, sanic.HTTPResponse]]


def create_blueprint(catalogue: Application | Settings, name: str = "diptych") -> sanic.Blueprint:
    """Every route of the table; mount it under any fixed prefix with `app.blueprint(..., url_prefix=...)`."""
    application = catalogue if isinstance(catalogue, Application) else Application(catalogue)
    blueprint = sanic.Blueprint(name, strict_slashes=True)
    for route in application.routes:
        path = native_path(route.path, "<{}:str>")
        blueprint.add_route(_view(application, route, path), path, methods=route.methods, name=route.name)

    @blueprint.after_server_stop
    async def close(*_: Any) -> None:
        await application.close()

    return blueprint


def _view(application: Application, route: Route, path: str) -> View:
    async def view(request: sanic.Request, **parameters: Any) -> sanic.HTTPResponse:
        return to_response(await application.handle(route, to_request(request, path, parameters)))

    return view
