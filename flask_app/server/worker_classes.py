"""Which of gunicorn's worker classes serve: ours as promised, sync and gthread with less, the others not at all."""

from __future__ import annotations

from typing import Any

from gunicorn.workers.gthread import ThreadWorker
from gunicorn.workers.sync import SyncWorker

from diptych.flask_app.server.worker import Worker

LESS = (
    "gunicorn's worker class {} keeps less than docs/wire.md promises: it reads requests by its own rules, a slow"
    " client holds a thread, DIPTYCH_HOSTS is not checked, /health waits behind other requests, and a stop may reset"
    " connections. Without -k, diptych.flask_app.server.worker.Worker serves"
)

REFUSED = (
    "diptych: gunicorn's worker class {} is not served: the service needs threads, and WSGI. Leave out -k, or choose"
    " gthread or sync"
)


def is_ours(server: Any) -> bool:
    """Return whether gunicorn's master starts our workers."""
    return issubclass(server.cfg.worker_class, Worker)


def check_worker_class(server: Any) -> None:
    """Log what gunicorn's own threads do not keep, and refuse every other class. For gunicorn's hook `on_starting`.

    With greenlets (gevent, eventlet), a statement of psycopg would block every request of the worker, and a deadline
    could not end it. An ASGI class (asgi, uvicorn) would answer 500 to everything, as the application is WSGI.

    Errors: SystemExit.
    """
    name = server.cfg.worker_class_str
    if issubclass(server.cfg.worker_class, (SyncWorker, ThreadWorker)):
        server.log.warning(LESS.format(name))
    elif not is_ours(server):
        raise SystemExit(REFUSED.format(name))
