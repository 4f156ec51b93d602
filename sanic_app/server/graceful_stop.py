"""A Sanic application that is served with our protocol, and loses nothing when it stops."""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
from contextlib import suppress
from functools import partial
from typing import Any

import sanic
from sanic.server.socket import bind_socket
from sanic.worker.constants import ProcessState

from diptych.core import listener_shutdown
from diptych.core.http.buffers import buffers_of, spools_of
from diptych.core.http.wire.allowed_hosts import RECOMMENDATION, allowed_hosts, is_loopback
from diptych.core.tuning.garbage_collection import freeze_gc
from diptych.sanic_app.server.http_protocol import Protocol

logger = logging.getLogger("diptych")

SIGNALS = (signal.SIGINT, signal.SIGTERM)

ASGI = (
    "An ASGI server keeps less than docs/wire.md promises: it reads requests and stops by its own rules, DIPTYCH_HOSTS"
    " is not checked, nor the database's revision at the start, and each process counts for itself in /metrics."
    " Sanic's own server does all that: sanic diptych.sanic_app:create_app --factory"
)
"""What is logged under uvicorn, hypercorn or another server of that kind."""

BACKLOG = 2048
"""Connections that the kernel keeps until a worker has time for them: as many as gunicorn's."""

STOP_STATE_POLLS = 10
"""Times that a worker asks why it is to stop. An init that tells all processes does so before the main one knows."""


class GracefulSanic(sanic.Sanic[Any, Any]):
    """A Sanic application that always uses this protocol, and loses no request when it stops."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.before_server_start(self._prepare_connections)
        self.after_server_start(self._watch)

    def prepare(
        self,
        host: str | None = None,
        port: int | None = None,
        *,
        protocol: Any = None,
        sock: socket.socket | None = None,
        unix: str | None = None,
        **options: Any,
    ) -> None:
        # Sanic calls listen() again, with its own backlog.
        backlog = options.setdefault("backlog", BACKLOG)
        if sock is None and not unix:
            # Sanic would create the socket without keeping a reference that is reachable from here.
            sock = bind_socket(*self.get_address(host, port), backlog=backlog)
        if not self.ctx.settings.hosts and sock is not None and not is_loopback([sock.getsockname()]):
            logger.warning(RECOMMENDATION)
        super().prepare(host, port, protocol=protocol or Protocol, sock=sock, unix=unix, **options)

    async def create_server(self, *arguments: Any, protocol: Any = None, **options: Any) -> Any:
        return await super().create_server(*arguments, protocol=protocol or Protocol, **options)

    def set_serving(self, serving: bool) -> None:  # noqa: FBT001 - Sanic's signature
        # Sanic before 25.12 ends with a traceback when the process that keeps the workers' states has ended first.
        with suppress(OSError, EOFError):
            super().set_serving(serving)

    async def _prepare_connections(self, _: Any) -> None:
        """Find out which hosts are answered, and make the buffers, before there is a connection.

        An ASGI server answers any host, and has buffers of its own.
        """
        if self.asgi:
            logger.warning(ASGI)
        self.ctx.buffers, self.ctx.spools = buffers_of(self.ctx.settings), spools_of(self.ctx.settings)
        self.ctx.hosts = allowed_hosts(self.ctx.settings.hosts, [each.getsockname() for each in self._listeners()])

    def _listeners(self) -> list[socket.socket]:
        """Return the listening sockets of this process."""
        of_any = [info.settings.get("sock") for info in self.state.server_info]
        return [listener for listener in of_any if listener is not None]

    async def _watch(self, _: Any) -> None:
        """Handle signals instead of Sanic, in a process of its own. In the loop of someone else, change nothing."""
        if self.asgi:
            return
        loop = asyncio.get_running_loop()
        # Between removing the loop's handler and setting ours, a signal would kill the process.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
        taken = [each for each in SIGNALS if loop.remove_signal_handler(each)]
        for each in taken:
            signal.signal(each, partial(self._on_signal, loop))
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        if taken:
            freeze_gc()

    def _on_signal(self, loop: asyncio.AbstractEventLoop, *_: Any) -> None:
        """Begin to stop; called twice when both an init and Sanic's main process signal this worker."""
        if not loop.is_closed():
            loop.call_soon_threadsafe(self._begin_to_leave, loop)

    def _begin_to_leave(self, loop: asyncio.AbstractEventLoop) -> None:
        # A second stop would cut off the requests in flight.
        if not hasattr(self.ctx, "leaving"):
            self.ctx.leaving = loop.create_task(self._leave(loop))
            # An exception in the task is reported by the loop.
            self.ctx.leaving.add_done_callback(asyncio.Task.result)

    async def _leave(self, loop: asyncio.AbstractEventLoop) -> None:
        """Drain the accept queue, then have Sanic stop."""
        try:
            for _ in range(STOP_STATE_POLLS):
                await asyncio.sleep(listener_shutdown.SETTLE_SECONDS)
                if self._all_end():
                    await self._refuse_newcomers(loop)
                    break
        finally:
            self.stop(terminate=False)

    async def _refuse_newcomers(self, loop: asyncio.AbstractEventLoop) -> None:
        """Drop new connections, and wait until the accept queue is empty."""
        listeners = self._listeners()
        for listener in listeners:
            listener_shutdown.refuse(listener)
        for _ in range(listener_shutdown.ACCEPT_ROUNDS):
            await asyncio.sleep(listener_shutdown.SETTLE_SECONDS)
            if not any(map(listener_shutdown.waiting, listeners)):
                break
        for listener in listeners:
            # Sanic closes the worker's socket; the main process, which serves no requests, keeps it open for longer.
            loop.call_later(1, listener_shutdown.shut, listener.dup())

    def _all_end(self) -> bool:
        """Return whether all workers are stopping; a worker that is replaced leaves the queue to its successor."""
        if not hasattr(self, "multiplexer"):
            return True
        try:
            return bool(self.m.state["state"] == ProcessState.TERMINATED.name)
        except (OSError, EOFError, KeyError):
            # The process that keeps the states has ended.
            return True
