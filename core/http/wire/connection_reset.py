"""Abort a connection so that its client can tell."""

from __future__ import annotations

import socket
import struct

_AT_ONCE = struct.pack("ii", 1, 0)


def reset_on_close(connection: socket.socket) -> None:
    """Have the close of a socket reset its connection: in HTTP/1.0 an ordinary one is the end of a complete body."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
