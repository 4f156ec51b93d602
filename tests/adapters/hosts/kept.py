"""The service with pages of somebody else's. One tells how many objects Python's garbage collector leaves alone.

Who asks with X-Marked has a field more, and one that says otherwise, in whatever is answered.
"""

from __future__ import annotations

import gc
from typing import Any


def flask() -> Any:
    """On Flask."""
    from flask import request  # noqa: PLC0415 - each server has one of the two

    from diptych.flask_app import create_app  # noqa: PLC0415 - as above

    app = create_app()
    app.add_url_rule("/kept", view_func=lambda: str(gc.get_freeze_count()))

    @app.after_request
    def mark(response: Any) -> Any:
        if "X-Marked" in request.headers:
            response.headers["X-Host"] = "here"
            response.headers["Referrer-Policy"] = "same-origin"
        return response

    return app


def sanic() -> Any:
    """On Sanic."""
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
