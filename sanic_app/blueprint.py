"""The table of operations as a Sanic blueprint, for our own application or another."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from functools import partial
from inspect import isawaitable
from typing import Any, cast

import sanic

from diptych.core.access.principal import HostUser
from diptych.core.aio.application import Application
from diptych.core.aio.response_stream import ResponseStream
from diptych.core.http.lanes import Lane, lane_of
from diptych.core.http.operations import Route, native_path
from diptych.core.http.problems import Problem
from diptych.core.http.request_response import Refused
from diptych.core.http.wire.request_head import Head
from diptych.core.settings import Settings
from diptych.sanic_app.conversion import prefix_of, read_file, to_headers, to_request, to_response
from diptych.sanic_app.server.concurrency_limit import ConcurrencyLimiter
from diptych.sanic_app.server.http_protocol import Http
from diptych.sanic_app.server.streaming import send_stream

Identify = Callable[[sanic.Request], HostUser | Awaitable[HostUser | None] | None]
"""Returns the application's user who sends a request; it may be a coroutine function."""

View = Callable[..., Coroutine[Any, Any, sanic.HTTPResponse | None]]


def create_blueprint(
    catalogue: Application | Settings,
    name: str = "diptych",
    *,
    principal: Identify | None = None,
) -> sanic.Blueprint:
    """Return a blueprint with every route; `app.blueprint(..., url_prefix=...)` mounts it under any fixed prefix.

    principal: returns the application's own user who sends a request; for None, the request's token counts.
    """
    application = catalogue if isinstance(catalogue, Application) else Application(catalogue)
    blueprint = sanic.Blueprint(name, strict_slashes=True)
    settings = application.settings
    # With more threads than connections, the pool rejects the surplus after its timeout, as under Flask.
    limiter = ConcurrencyLimiter(max(settings.pool_size + settings.pool_overflow, settings.threads))
    blueprint.ctx.admit = partial(_admit, application, limiter)
    for route in application.routes:
        path = native_path(route.path, "<{}:str>")
        view = _view(application, route, path, limiter, principal or _nobody)
        blueprint.add_route(view, path, methods=route.methods, name=route.name, ignore_body=True)

    @blueprint.before_server_start
    async def begin(*_: Any) -> None:
        await application.begin()

    @blueprint.after_server_stop
    async def close(*_: Any) -> None:
        await limiter.stop()
        await application.close()

    return blueprint


async def _admit(
    application: Application, limiter: ConcurrencyLimiter, stream: Http, head: Head, client: str
) -> Refused | None:
    """Look whether a request that our server receives will be refused before its file is received."""
    return await limiter.run(stream, application.admit_head(head, client), Lane.COSTLY)


def _nobody(_request: sanic.Request) -> None:
    return None


def _view(
    application: Application,
    route: Route,
    path: str,
    limiter: ConcurrencyLimiter,
    principal: Identify,
) -> View:
    operation = route.operation
    # What uses no database takes no slot, so it responds however many requests are queued.
    asks = operation is not None and (operation.unit != "none" or operation.needed is not None)
    identifies = operation is not None and operation.needed is not None
    file_limit = application.file_limit_of(route)

    is_transfer = operation is not None and (operation.stores_file or operation.sends_file)

    async def view(request: sanic.Request, **parameters: Any) -> sanic.HTTPResponse | None:
        user = principal(request) if identifies else None
        if isawaitable(user):
            user = await user
        try:
            asked = await to_request(request, path, parameters, user, is_file=file_limit is not None)
        except Problem as problem:
            prefix, headers = prefix_of(request, path), to_headers(request)
            return to_response(application.refuse(problem, request.method, headers, prefix, route.path))
        lane = lane_of(route.path, asked.query) if asks else Lane.PROBE
        if is_transfer:
            lane = Lane.COSTLY
        if asked.body is None and file_limit is not None:
            refused = await limiter.run(request.stream, application.admit(route, asked), lane)
            asked = asked.received(refused or await read_file(request, file_limit))
        response = await limiter.run(request.stream, application.handle(route, asked), lane)
        if response.stream is None:
            return to_response(response)
        parts = cast("ResponseStream", response.stream)
        await send_stream(request, to_response(response), parts, partial(limiter.run, request.stream, lane=lane))
        return None

    return view
