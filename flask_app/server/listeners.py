"""Stop listening in gunicorn's master without resetting connections."""

from __future__ import annotations

import os
import signal
from types import FrameType
from typing import Any

from diptych.core import listener_shutdown


def refuse_at_stop(arbiter: Any) -> None:
    """Make gunicorn's master refuse new connections on SIGTERM, before it closes its sockets. For `when_ready`.

    Otherwise connections that are made while the last process closes its socket are reset.
    """
    stop = signal.getsignal(signal.SIGTERM)
    # gunicorn's own handler. A version that stops in another way fails here, at the start.
    assert callable(stop)  # noqa: S101 - see above

    def refuse_and_stop(number: int, frame: FrameType | None) -> None:
        # A worker that has just been forked has the master's handlers for a moment.
        if os.getpid() == arbiter.pid and _is_last_listener(arbiter):
            for listener in arbiter.LISTENERS:
                listener_shutdown.refuse(listener.sock)
        stop(number, frame)

    signal.signal(signal.SIGTERM, refuse_and_stop)


def _is_last_listener(arbiter: Any) -> bool:
    """Return whether no other process goes on listening, as a second master (SIGUSR2) or systemd does."""
    alone = arbiter.reexec_pid == arbiter.master_pid == 0
    return bool(alone and not arbiter.systemd and not arbiter.cfg.reuse_port)
