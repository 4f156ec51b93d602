"""gunicorn's configuration for another team's application, which it reads in the working directory."""

worker_class = "gthread"
threads = 4
# Two gunicorns of one user would share, and unlink, one control socket. Older releases have none, and ignore this.
control_socket_disable = True
