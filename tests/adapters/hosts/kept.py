"""The service, with a page that tells how many objects Python's garbage collector leaves alone."""

from __future__ import annotations

import gc
from typing import Any


def flask() -> Any:
    """On Flask."""
    from flask_app import create_app  # noqa: PLC0415 - each server has one of the two

    app = create_app()
    app.add_url_rule("/kept", view_func=lambda: str(gc.get_freeze_count()))
    return app


def sanic() -> Any:
    """On Sanic."""
    from sanic import text  # noqa: PLC0415 - as above

    from sanic_app import create_app  # noqa: PLC0415 - as above

    app = create_app()
    app.add_route(lambda _: text(str(gc.get_freeze_count())), "/kept", name="kept")
    return app
