"""gunicorn's side of the Flask deployment: `gunicorn -c flask_app/gunicorn.conf.py 'flask_app:create_app()'`."""

import os

from core.settings import settings_or_exit

_settings = settings_or_exit(os.environ)

bind = f"127.0.0.1:{_settings.flask_port}"
workers = _settings.workers
# Threads, because a request waits for the database most of its time, and keep-alive connections wait for clients.
worker_class = "gthread"
threads = _settings.threads
keepalive = 5
loglevel = _settings.log_level
# Sanic takes lines as long as this; gunicorn's own limit is half of it.
limit_request_line = 8190
# A request header cannot say where the application is mounted.
forwarder_headers = ""
# Two gunicorns of one user would share, and unlink, one control socket.
control_socket_disable = True
