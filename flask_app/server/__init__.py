"""Serve the catalogue under gunicorn, with a worker class of our own.

gunicorn's master is used as it is: it reads the configuration, listens, starts the workers, restarts those that die,
kills those that hang, replaces all of them on SIGHUP, and stops them. The worker derives from
`gunicorn.workers.base.Worker`, which gunicorn documents for custom workers, and has its own event loop, because none of
gunicorn's keeps the promises of docs/wire.md. Under `gthread`, eight clients that send half a request line, or do not
read, stop a deployment; a client that does not close after its last response blocks everybody for two seconds; and
its HTTP parser differs from Sanic's. Changing that took replacing some fifteen of its methods and private names,
each of which a new gunicorn may rename without an error.

- `worker.py`: the event loop. One thread accepts, reads, waits for clients and checks deadlines. A complete request
  goes to a pool thread, which runs the application and sends what the client takes without blocking; the connection
  and the rest of the response then return to the loop. So a slow client costs a connection, never a thread.
- `request_queues.py`: the threads, and what waits for them. Probes have threads of their own, and costly requests take
  half of the others at most.
- `connection.py`: a client's bytes, parsed by the core's request reader (core/http/wire).
- `wsgi.py`: WSGI around the application, and the one place that serializes responses, with the core's writer.
- `raw_path.py`: WSGI middleware, which gives the application the path as it was sent. Any WSGI server may be below it.
- `listeners.py`: what the master does on SIGTERM before it closes its sockets.
- `worker_classes.py`: what the master does when it is to start workers of another class.

Used of gunicorn: the base class, with `sockets`, `PIPE`, `ppid`, `alive`, `nr` and `max_requests`, as its own workers
use them; the hooks `on_starting` and `when_ready`, and `LISTENERS`, `cfg`, `log`, `pid`, `master_pid`, `reexec_pid` and
`systemd` of the master that they pass; `Arbiter.WORKER_BOOT_ERROR`; `SyncWorker` and `ThreadWorker`, to tell them from
other classes. Nothing of gunicorn's is assigned to, and no name with an underscore is used.

Of gunicorn's settings the worker honours `threads`, `worker_connections`, `keepalive`, `max_requests`,
`graceful_timeout` and those of the base class and the master. The hooks of requests (`pre_request`, `post_request`),
gunicorn's access log and its limits of a request belong to its own workers, and have no effect.

Reasons: docs/decisions/0006-own-reader.md for the reader, docs/decisions/0010-stopping.md for the way of stopping.
"""
