"""Close a listening socket without resetting the connections that are in its accept queue."""

from __future__ import annotations

import ctypes
import select
import socket
import struct
from contextlib import suppress

SETTLE_SECONDS = 0.1
"""Seconds in which whoever has begun to connect gets through."""

ACCEPT_ROUNDS = 50
"""Of these, in which those who have got through are accepted, at most."""

# SO_ATTACH_FILTER, for which Python has no name, and a program of the kernel's packet filter (BPF) for TCP segments:
# those that begin a connection, with SYN and without ACK, are dropped, and all others are not.
_ATTACH_FILTER = 26
_FLAGS, _SYN, _ACK = 13, 0x02, 0x10
_NO_SYN = (
    (0x30, 0, 0, _FLAGS),  # load the byte
    (0x54, 0, 0, _SYN | _ACK),  # and the mask
    (0x15, 0, 1, _SYN),  # the next one if equal, else the one after it
    (0x06, 0, 0, 0),  # drop
    (0x06, 0, 0, 0xFFFFFFFF),  # keep
)


def refuse(listener: socket.socket) -> None:
    """Have nobody connect to a listening socket from now on, in whatever processes it is open.

    A client hears nothing, tries again after a second, as TCP does, and finds the socket closed. Where a kernel cannot
    do this, whoever connects between the last accept and the close is reset.
    """
    if listener.family not in (socket.AF_INET, socket.AF_INET6):
        return
    program = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in _NO_SYN))
    with suppress(OSError):
        listener.setsockopt(
            socket.SOL_SOCKET, _ATTACH_FILTER, struct.pack("HP", len(_NO_SYN), ctypes.addressof(program))
        )


def waiting(listener: socket.socket) -> bool:
    """Whether somebody has connected whom nobody has accepted."""
    poll = select.poll()
    poll.register(listener, select.POLLIN)
    return bool(poll.poll(0))


def shut(listener: socket.socket) -> None:
    """Close a listening socket, in whatever processes it is open: connections are refused."""
    with listener, suppress(OSError):
        # Another process may have done it already.
        listener.shutdown(socket.SHUT_RDWR)
