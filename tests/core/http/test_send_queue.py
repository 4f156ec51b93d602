"""What a client has not taken: without it a slow and steady reader would look like one that has stopped."""

from __future__ import annotations

import socket

from diptych.core.http.wire.send_queue import PART, patience, unacknowledged


def test_bytes_that_are_read_leave_the_queue():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        assert unacknowledged(ours) == 0
        ours.sendall(b"x" * 1000)
        before = unacknowledged(ours)
        theirs.recv(1000)

        assert before > unacknowledged(ours) == 0


def test_who_reads_steadily_has_time_for_what_is_in_the_queue_before_a_part():
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket() as theirs:
        theirs.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        theirs.connect(server.getsockname())
        ours, _ = server.accept()
        with ours:
            assert patience(ours, 10) == 10
            ours.setblocking(False)
            sent = ours.send(b"x" * 20 * PART)

            assert patience(ours, 10) == 10 * (1 + unacknowledged(ours) // PART)
            assert unacknowledged(ours) > sent // 2 > PART
    assert patience(ours, 10) == 10
