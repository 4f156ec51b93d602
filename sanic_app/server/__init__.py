"""Serve the catalogue under Sanic, with a protocol and a way of stopping of our own.

Sanic is a framework and a server in one. The files beside this folder use the framework: routes, handlers, errors. The
server does not keep the promises of docs/wire.md: its HTTP parser differs from gunicorn's and accepts malformed
chunks; it validates each header of a response by itself; it cancels a handler when the client disconnects; and when it
stops it resets connections in the accept queue. Sanic documents a custom protocol (`prepare(protocol=...)`), and no
setting for any of this.

- `http_protocol.py`: a connection. The core's request reader (core/http/wire) parses its bytes, the core's writer
  serializes responses, and clients that are slow, or have closed their sending half, are waited for.
- `concurrency_limit.py`: how many requests use the database at once, and how many of these may be costly; and that what
  has been begun is done to its end though the client is gone.
- `response.py`: the core's response as a response of Sanic's, without the cost of Sanic's headers where nobody reads
  them.
- `graceful_stop.py`: an application that always uses this protocol, handles signals instead of Sanic, and drains the
  accept queue before the socket is closed.
- `worker_supervision.py`: the check of the database at the start, and the main process: it restarts killed workers,
  and stops all workers outside of a signal handler.

Overridden: of `Http` the methods that read a request's head, write a response's and answer errors; of `HttpProtocol`
those for a connection's begin, end and data; of `Sanic`, `prepare`, `create_server` and `set_serving`. Private, because
nothing public does it: the current request (`_current`), the task that must not be cancelled (`_task`), the time of the
last activity (`_time`), and the manager's `_shutting_down` and `_all_workers_ack`: docs/decisions/0021-private-seams.md
has the reasons, and the tests that fail where Sanic changes one.

Reasons: docs/decisions/0006-own-reader.md for the reader, docs/decisions/0010-stopping.md for the way of stopping.
"""
