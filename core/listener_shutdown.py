"""Close a listening socket without resetting the connections that are in its accept queue."""

from __future__ import annotations

import ctypes
import select
import socket
import struct
from contextlib import suppress

SETTLE_SECONDS = 0.1
"""Seconds in which a TCP handshake that has begun can finish."""

ACCEPT_ROUNDS = 50
"""Most periods of SETTLE_SECONDS in which the accept queue is drained."""

# SO_ATTACH_FILTER, which Python has no constant for, and a BPF program for TCP segments: drop those that open a
# connection (SYN without ACK), keep all others.
_ATTACH_FILTER = 26
_FLAGS, _SYN, _ACK = 13, 0x02, 0x10
_NO_SYN = (
    (0x30, 0, 0, _FLAGS),  # load the flags
    (0x54, 0, 0, _SYN | _ACK),  # keep SYN and ACK
    (0x15, 0, 1, _SYN),  # continue if only SYN is set, else jump to the last step
    (0x06, 0, 0, 0),  # drop
    (0x06, 0, 0, 0xFFFFFFFF),  # keep
)


def refuse(listener: socket.socket) -> None:
    """Drop new connections to a listening socket, in all processes that have it open.

    The client gets no answer, retries after a second as TCP does, and then finds the socket closed. Where the kernel
    does not support this, a client that connects between the last accept and the close is reset.
    """
    if listener.family not in (socket.AF_INET, socket.AF_INET6):
        return
    program = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in _NO_SYN))
    with suppress(OSError):
        listener.setsockopt(
            socket.SOL_SOCKET, _ATTACH_FILTER, struct.pack("HP", len(_NO_SYN), ctypes.addressof(program))
        )


def waiting(listener: socket.socket) -> bool:
    """Return whether the accept queue holds a connection."""
    poll = select.poll()
    poll.register(listener, select.POLLIN)
    return bool(poll.poll(0))


def shut(listener: socket.socket) -> None:
    """Close a listening socket in all processes that have it open, so that connections are refused."""
    with listener, suppress(OSError):
        # Another process may have closed it already.
        listener.shutdown(socket.SHUT_RDWR)
