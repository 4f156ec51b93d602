"""Complete requests on their way to the threads of a worker: a queue for each lane of the core's."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from queue import SimpleQueue

from diptych.core.http.lanes import Lane
from diptych.flask_app.server.connection import Connection

_Queue = SimpleQueue[tuple[Connection, Lane] | None]

_BESIDE = (Lane.PROBE, Lane.READINESS, Lane.METRICS)
"""Lanes with a thread of their own."""


class RequestQueues:
    """The threads that answer requests, and what waits for them.

    count: threads for ordinary and costly requests, of which half, at least one, run costly ones. answer: what a thread
    does with a request; it raises nothing.
    """

    def __init__(self, count: int, answer: Callable[[Connection], None]) -> None:
        self._answer = answer
        self._shared: _Queue = SimpleQueue()
        self._beside: dict[Lane, _Queue] = {lane: SimpleQueue() for lane in _BESIDE}
        self._lock = threading.Lock()
        """For the two attributes below."""
        self._costly_waiting: deque[Connection] = deque()
        self._costly_free = max(1, count // 2)
        queues = [*[self._shared] * count, *self._beside.values()]
        # Daemons: on SIGQUIT and SIGABRT, Python would wait for other threads.
        self._threads = [(threading.Thread(target=self._work, args=(queue,), daemon=True), queue) for queue in queues]

    def start(self) -> None:
        """Start the threads."""
        for thread, _ in self._threads:
            thread.start()

    def put(self, connection: Connection, lane: Lane) -> None:
        """Queue a request."""
        if lane is not Lane.COSTLY or self._admit(connection):
            self._beside.get(lane, self._shared).put((connection, lane))

    def end(self) -> None:
        """End the threads when they have answered everything."""
        for _, queue in self._threads:
            queue.put(None)
        for thread, _ in self._threads:
            thread.join()

    def _admit(self, connection: Connection) -> bool:
        """Return whether a costly request may join the ordinary ones now; otherwise it waits for the end of another."""
        with self._lock:
            if self._costly_free:
                self._costly_free -= 1
                return True
            self._costly_waiting.append(connection)
            return False

    def _leave(self) -> None:
        """Let the next costly request take the place of one that has been answered."""
        with self._lock:
            if self._costly_waiting:
                self._shared.put((self._costly_waiting.popleft(), Lane.COSTLY))
            else:
                self._costly_free += 1

    def _work(self, queue: _Queue) -> None:
        """Answer requests in a thread until the queue yields None."""
        for connection, lane in iter(queue.get, None):
            self._answer(connection)
            if lane is Lane.COSTLY:
                self._leave()
