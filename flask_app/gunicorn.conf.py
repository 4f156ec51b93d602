"""gunicorn's side of the Flask deployment: `gunicorn -c flask_app/gunicorn.conf.py 'flask_app:create_app()'`."""

import os

from core.http.wire.times import PAUSE
from core.settings import settings_or_exit

_settings = settings_or_exit(os.environ)

bind = f"127.0.0.1:{_settings.flask_port}"
workers = _settings.workers
# Threads, because a request waits for the database most of its time, and keep-alive connections wait for clients.
worker_class = "flask_app.wire.Worker"
threads = _settings.threads
keepalive = PAUSE
loglevel = _settings.log_level
# Two gunicorns of one user would share, and unlink, one control socket.
control_socket_disable = True
