"""What a connection has sent and its client has not taken."""

from __future__ import annotations

import fcntl
import socket
import struct
import termios

PART = 65_536
"""Bytes of a response for which a client that reads has the time for one part."""

_NUMBER = struct.Struct("i")


def unacknowledged(connection: socket.socket) -> int:
    """Return the bytes in a socket's send queue (SIOCOUTQ of tcp(7)); 0 where the system does not say.

    The kernel reports a socket as writable only when a third of its queue is free: a client that reads slowly may take
    longer for that than it may pause.
    """
    try:
        found = fcntl.ioctl(connection.fileno(), termios.TIOCOUTQ, bytes(_NUMBER.size))
    except (OSError, ValueError):  # the latter where it is closed
        return 0
    number: int = _NUMBER.unpack(found)[0]
    return number


def patience(connection: socket.socket, seconds: float) -> float:
    """Return how long a client may take for the next part of a response.

    seconds: for a part that is sent at once, and for as many bytes of what is in the queue before it. The kernel may
    have megabytes there, for which a client that reads steadily takes minutes.
    """
    return seconds * (1 + unacknowledged(connection) // PART)
