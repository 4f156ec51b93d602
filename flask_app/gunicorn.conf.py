"""gunicorn's side of the Flask deployment: `gunicorn -c python:diptych.flask_app.gunicorn_conf ...`.

gunicorn imports it by that name, which is a link to this file, from anywhere; in a checkout it reads the file as well.
"""

import multiprocessing
import os
import resource
import sys
from typing import Any

from diptych.core.observability.multiprocess_dir import create_directory, grant_access
from diptych.core.settings import settings_or_exit

_settings = settings_or_exit(os.environ)

# Before there are workers, which inherit it.
create_directory()

bind = f"127.0.0.1:{_settings.flask_port}"
workers = _settings.workers
# Threads, because a request waits for the database most of its time.
worker_class = "diptych.flask_app.server.worker.Worker"
threads = _settings.threads
keepalive = _settings.keepalive_timeout
graceful_timeout = _settings.stop_timeout
# A connection that waits takes a file and no thread: as many as one process may have open, but for some, and for files
# that arrive.
worker_connections = max(100, min(10_000, resource.getrlimit(resource.RLIMIT_NOFILE)[0] - 200 - 256))
loglevel = _settings.log_level
logger_class = "diptych.flask_app.log.Logger"
# Two gunicorns of one user would share, and unlink, one control socket.
control_socket_disable = True

_told = multiprocessing.Value("b", 0)
_warned = multiprocessing.Value("b", 0)


def on_starting(server: Any) -> None:
    """Refuse worker classes that cannot serve; give the workers' user access to the metrics directory."""
    from diptych.flask_app.server.worker_classes import check_worker_class  # noqa: PLC0415 - as below

    check_worker_class(server)
    grant_access(server.cfg.uid, server.cfg.gid)


def when_ready(server: Any) -> None:
    """Make the master refuse new connections on SIGTERM, before it closes its sockets; recommend DIPTYCH_HOSTS."""
    from diptych.core.http.wire.allowed_hosts import RECOMMENDATION, is_loopback  # noqa: PLC0415 - as below
    from diptych.flask_app.server.listeners import refuse_at_stop  # noqa: PLC0415 - as below
    from diptych.flask_app.server.worker_classes import is_ours  # noqa: PLC0415 - as below

    refuse_at_stop(server)
    if (
        not _settings.hosts
        and is_ours(server)
        and not is_loopback(listener.getsockname() for listener in server.LISTENERS)
    ):
        server.log.warning(RECOMMENDATION)


def post_worker_init(worker: Any) -> None:
    """Refuse to serve a database that is behind, and begin to serve.

    The first worker says so and ends with the status that stops the master. The others end with 0: two with that status
    would make the stopping master print a traceback.
    """
    from diptych.core.errors import SchemaOutdated  # noqa: PLC0415 - after create_directory(), as all of the service
    from diptych.core.startup_checks import check_revision, warn_of  # noqa: PLC0415

    try:
        state = check_revision(_settings)
    except SchemaOutdated as error:
        with _told.get_lock():
            first, _told.value = not _told.value, 1
        if first:
            # In one piece: print() may write the end of the line apart, behind what others have written meanwhile.
            sys.stderr.write(f"diptych: {error.detail}\n")
            sys.stderr.flush()
        raise SystemExit(3 if first else 0) from None
    with _warned.get_lock():
        first, _warned.value = not _warned.value, 1
    if first:
        warn_of(state)
    # The application may be one that has the catalogue in it, under another worker class.
    if (application := getattr(worker.wsgi, "extensions", {}).get("diptych")) is not None:
        application.begin()
