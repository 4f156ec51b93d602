"""What a client has not taken: without it a slow and steady reader would look like one that has stopped."""

from __future__ import annotations

import socket

from diptych.core.http.wire.send_queue import unacknowledged


def test_bytes_that_are_read_leave_the_queue():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        assert unacknowledged(ours) == 0
        ours.sendall(b"x" * 1000)
        before = unacknowledged(ours)
        theirs.recv(1000)

        assert before > unacknowledged(ours) == 0
