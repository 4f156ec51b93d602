"""How gunicorn's master stops listening."""

from __future__ import annotations

import os
import signal
from types import FrameType
from typing import Any

from diptych.core import listener_shutdown


def refuse_at_stop(arbiter: Any) -> None:
    """Have gunicorn's master refuse newcomers as soon as it hears SIGTERM. For the hook `when_ready`.

    It closes its sockets before it tells its workers, and would have the kernel reset whoever connects in between.
    """
    stop = signal.getsignal(signal.SIGTERM)
    # Of gunicorn's own. A new gunicorn that stops otherwise ends here, at the start.
    assert callable(stop)  # noqa: S101 - see above

    def refuse_and_stop(number: int, frame: FrameType | None) -> None:
        # A process that it has just forked has its handlers for a moment, and is not the one that ends.
        if os.getpid() == arbiter.pid and _ends_for_everybody(arbiter):
            for listener in arbiter.LISTENERS:
                listener_shutdown.refuse(listener.sock)
        stop(number, frame)

    signal.signal(signal.SIGTERM, refuse_and_stop)


def _ends_for_everybody(arbiter: Any) -> bool:
    """Whether nobody else listens on: after SIGUSR2 there are two masters, and systemd keeps its sockets."""
    alone = arbiter.reexec_pid == arbiter.master_pid == 0
    return bool(alone and not arbiter.systemd and not arbiter.cfg.reuse_port)
