"""The table of operations as a Sanic blueprint, for an application of our own or of someone else's."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import sanic

from core.aio.application import Application
from core.http.messages import Response
from core.http.operations import Route, native_path
from core.http.problems import Problem
from core.settings import Settings
from sanic_app.convert import prefix_of, to_headers, to_request, to_response

running: set[asyncio.Task[Response]] = set()
"""The event loop itself does not keep a task from being collected."""

View = Callable[..., Coroutine[Any, Any, sanic.HTTPResponse]]


def create_blueprint(catalogue: Application | Settings, name: str = "diptych") -> sanic.Blueprint:
    """Every route of the table; mount it under any fixed prefix with `app.blueprint(..., url_prefix=...)`."""
    application = catalogue if isinstance(catalogue, Application) else Application(catalogue)
    blueprint = sanic.Blueprint(name, strict_slashes=True)
    # Whoever finds no connection to the database waits here, in order, as for one of gunicorn's threads: the pool would
    # refuse all that it has none for within a second. Where threads would outnumber connections, it refuses here, too.
    settings = application.settings
    turns = asyncio.Semaphore(max(settings.pool_size + settings.pool_overflow, settings.threads))
    for route in application.routes:
        path = native_path(route.path, "<{}:str>")
        blueprint.add_route(
            _view(application, route, path, turns), path, methods=route.methods, name=route.name, ignore_body=True
        )

    @blueprint.after_server_stop
    async def close(*_: Any) -> None:
        for work in running:
            work.cancel()
        if running:
            await asyncio.wait(running, timeout=1)
        await application.close()

    return blueprint


def _view(application: Application, route: Route, path: str, turns: asyncio.Semaphore) -> View:
    # Without one, the process itself can be asked whether it lives, however many wait.
    takes_turn = route.operation is not None and route.operation.unit != "none"

    async def view(request: sanic.Request, **parameters: Any) -> sanic.HTTPResponse:
        # Sanic cancels a handler whose client has gone. A unit of work that is cut off half-way leaves its connection,
        # and what it holds locked, to the garbage collector: it runs to its end, as it does under Flask.
        try:
            asked = await to_request(request, path, parameters)
        except Problem as problem:
            prefix, headers = prefix_of(request, path), to_headers(request)
            return to_response(application.refuse(problem, request.method, headers, prefix, route.path))
        if takes_turn:
            await turns.acquire()
        work = asyncio.create_task(application.handle(route, asked))
        if takes_turn:
            work.add_done_callback(lambda _: turns.release())
        running.add(work)
        work.add_done_callback(running.discard)
        return to_response(await asyncio.shield(work))

    return view
