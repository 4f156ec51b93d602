"""The service with extra pages. One tells how many objects are frozen for Python's garbage collector.

A request with X-Marked gets an additional header, and one with another value, in any response.
"""

from __future__ import annotations

import gc
import sys
from typing import Any


def flask() -> Any:
    """Return the application on Flask."""
    from flask import request  # noqa: PLC0415 - each server has one of the two

    from diptych.flask_app import create_app  # noqa: PLC0415 - as above

    app = create_app()
    app.add_url_rule("/kept", view_func=lambda: str(gc.get_freeze_count()))
    app.add_url_rule("/exit", view_func=sys.exit)

    @app.after_request
    def mark(response: Any) -> Any:
        if "X-Marked" in request.headers:
            response.headers["X-Host"] = "here"
            response.headers["Referrer-Policy"] = "same-origin"
        return response

    return app


def sanic() -> Any:
    """Return the application on Sanic."""
    from sanic import empty, text  # noqa: PLC0415 - as above

    from diptych.sanic_app import create_app  # noqa: PLC0415 - as above

    app = create_app()
    app.add_route(lambda _: text(str(gc.get_freeze_count())), "/kept", name="kept")
    app.add_route(lambda _: text("", headers={"content-length": "7"}), "/file", ["HEAD"], name="file")
    app.add_route(lambda _: text("here", headers={"X-Name": "\u9280\r\nX-More: 1"}), "/odd", name="odd")
    app.add_route(lambda _: empty(headers={"content-length": "0"}), "/empty", name="empty")

    @app.on_response
    async def mark(request: Any, response: Any) -> None:
        if "X-Marked" in request.headers:
            response.headers["X-Host"] = "here"
            response.headers["Referrer-Policy"] = "same-origin"

    return app
