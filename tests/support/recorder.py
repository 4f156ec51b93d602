"""A server that stands in for Diptych behind a proxy, and keeps what the proxy sends."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(slots=True)
class Received:
    """One request. body: None until it is complete."""

    method: str
    target: str
    headers: list[tuple[str, str]]
    body: bytes | None = None


@dataclass(frozen=True, slots=True)
class Recorder:
    """A running server: its port, and its requests in order, without health checks."""

    port: int
    received: list[Received] = field(default_factory=list)


@contextlib.contextmanager
def recorder(*, answers: bool = True) -> Iterator[Recorder]:
    """Run the server. Unless it answers, it closes the connection behind each complete request but a health check."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            found = Received(self.command, self.path, self.headers.items())
            if found.target == "/health/ready":
                self._answer()
                return
            kept.received.append(found)
            found.body = self.rfile.read(int(self.headers["Content-Length"] or 0))
            if answers:
                self._answer()
            else:
                self.close_connection = True

        do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = answer  # noqa: N815 - http.server's names

        def _answer(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the parameter's name
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            """Say nothing of connections that break."""

    with Server(("127.0.0.1", 0), Handler) as server:
        kept = Recorder(server.server_port)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield kept
        finally:
            server.shutdown()
            thread.join()
