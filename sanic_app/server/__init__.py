"""How Sanic serves the catalogue: its server, with our protocol for its connections and our way of stopping.

Sanic is a framework and a server in one. As a framework it routes and calls handlers, and the files beside this
folder know it as that. As a server it is not what docs/wire.md promises: its reader of HTTP is another than
gunicorn's, and lets through chunks that are no chunks; it looks at each field of an answer by itself; it cancels what
is at work when a client goes; it resets whoever has connected and has not been accepted when it stops. Sanic
documents a protocol of one's own (`prepare(protocol=...)`), and no way to say any of that without one.

- `http_protocol.py`: a connection. The core's reader (core/http/wire) makes requests of its bytes, the core's writer
  makes bytes of answers, and clients that are slow, or may have said all that they will, are waited for.
- `response.py`: the core's response as Sanic's, whose fields are only looked at where somebody else has touched them.
- `graceful_stop.py`: the application that is served so however it is started, takes the signals in Sanic's place, and
  accepts whoever has connected before the socket is closed.
- `worker_supervision.py`: the start on a database that may be behind, and what the main process does for its workers:
  it starts those again that were killed, and tells them all to stop outside of a signal's handler.

What is overridden: of `Http` the methods that read a request's head, write an answer's and make an error's; of
`HttpProtocol` those that hear of a connection's begin and end and of data; of `Sanic`, `prepare` and `create_server`.
What has no public way: the current request (`_current`), a task that is not to be cancelled (`_task`), room for more
of an answer (`_can_write`), and the manager's `_shutting_down` and `_all_workers_ack`. Each is in one of these files,
and tests/wire and tests/adapters fail where one changes. Nothing of Sanic's is assigned to.

docs/decisions/0006-own-reader.md tells why the core reads, docs/decisions/0010-stopping.md what happens at a stop.
"""
