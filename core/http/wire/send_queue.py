"""What a connection has sent and its client has not taken."""

from __future__ import annotations

import fcntl
import socket
import struct
import termios

_NUMBER = struct.Struct("i")


def unacknowledged(connection: socket.socket) -> int:
    """Return the bytes in a socket's send queue (SIOCOUTQ of tcp(7)); 0 where the system does not say.

    The kernel reports a socket as writable only when a third of its queue is free: a client that reads slowly may take
    longer for that than it may pause.
    """
    try:
        found = fcntl.ioctl(connection.fileno(), termios.TIOCOUTQ, bytes(_NUMBER.size))
    except OSError:
        return 0
    number: int = _NUMBER.unpack(found)[0]
    return number
