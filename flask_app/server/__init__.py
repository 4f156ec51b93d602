"""How gunicorn serves the catalogue: a worker class of our own, which is all that is ours of a server.

gunicorn's master stays as it is: it reads the configuration, listens, starts the workers, starts those again that die,
kills those that give no sign of life, replaces them all on SIGHUP, and stops them. A worker derives from
`gunicorn.workers.base.Worker`, which gunicorn documents for this, and has a loop of its own, because none of gunicorn's
is what docs/wire.md promises. With `gthread`, eight clients that send half a line, or do not read, stop a deployment; a
client that does not close after its last answer keeps everybody waiting for two seconds; and its reader of HTTP is
another than Sanic's. To change that, about fifteen of its methods and private names had to be replaced, each of
which a new gunicorn may change without a word.

- `worker.py`: the loop. It accepts, reads, waits for clients and looks at the clock, in one thread, and hands a request
  to another thread when it is whole; that one calls the application and sends what the client takes at once. The
  rest, and the connection, go back to the loop. A client that is slow costs a connection, never a thread.
- `connection.py`: a client's bytes, in and out. The core's reader (core/http/wire) makes requests of them.
- `wsgi.py`: PEP 3333 around the application, and the one place where an answer becomes bytes, by the core's writer.
- `listeners.py`: what the master does when it is told to stop, before it closes its sockets.

What is used of gunicorn: the base class, with `sockets`, `PIPE`, `ppid`, `alive`, `nr` and `max_requests`, as its own
workers use them; the hook `when_ready`, and of the master that it hands over `LISTENERS`, `pid`, `master_pid`,
`reexec_pid` and `systemd`; `Arbiter.WORKER_BOOT_ERROR`. Nothing of it is assigned to or has a name with an underscore.

Of gunicorn's settings the worker goes by `threads`, `worker_connections`, `keepalive`, `max_requests`,
`graceful_timeout` and what the base class and the master see to. Hooks of single requests (`pre_request`,
`post_request`), gunicorn's access log and its limits of a request are those of its own workers.

docs/decisions/0006-own-reader.md tells why the core reads, docs/decisions/0010-stopping.md what happens at a stop.
"""
