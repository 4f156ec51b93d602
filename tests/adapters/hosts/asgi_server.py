"""An ASGI server without sockets: it starts the service on Sanic, is sent SIGTERM, and prints what it was answered."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from typing import Any

from diptych.sanic_app import create_app

Fields = list[tuple[str, str]]


class Server:
    """Runs an ASGI application, as the specification says: a lifespan around any number of requests."""

    def __init__(self, app: Any) -> None:
        self._app = app
        self._events: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._told: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    async def start(self) -> dict[str, Any]:
        """Begin the lifespan, and return what the application says."""
        scope = {"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}
        self._life = asyncio.create_task(self._app(scope, self._events.get, self._told.put))
        return await self._end_of("startup")

    async def stop(self) -> dict[str, Any]:
        """End the lifespan, and return what the application says."""
        told = await self._end_of("shutdown")
        await self._life
        return told

    async def _end_of(self, step: str) -> dict[str, Any]:
        await self._events.put({"type": f"lifespan.{step}"})
        return await self._told.get()

    async def ask(self, method: str, target: str, headers: Fields, pieces: list[str]) -> dict[str, Any]:
        """Send one request, its body in pieces, and return the answer."""
        path, _, query = target.partition("?")
        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "http",
            "path": path, "raw_path": path.encode(), "query_string": query.encode(), "root_path": "",
            "headers": [(name.encode(), value.encode()) for name, value in headers],
            "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80),
        }  # fmt: skip
        received = [
            {"type": "http.request", "body": piece.encode(), "more_body": number < len(pieces)}
            for number, piece in enumerate(pieces, 1)
        ]
        sent: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return received.pop(0) if received else {"type": "http.request", "body": b"", "more_body": False}

        async def send(event: dict[str, Any]) -> None:
            sent.append(event)

        await self._app(scope, receive, send)
        return {
            "status": sent[0]["status"],
            "headers": {name.decode().lower(): value.decode() for name, value in sent[0]["headers"]},
            "body": b"".join(event.get("body", b"") for event in sent[1:]).decode(),
            "unread": len(received),
        }


async def main() -> None:
    """Print a JSON object for each request on standard input, and one for what SIGTERM did."""
    stopping = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopping.set)
    server = Server(create_app())
    print(json.dumps(await server.start()))
    for line in sys.stdin.read().splitlines():
        print(json.dumps(await server.ask(*json.loads(line))))
    os.kill(os.getpid(), signal.SIGTERM)
    async with asyncio.timeout(60):
        await stopping.wait()
    print(json.dumps(await server.stop()))


asyncio.run(main())
