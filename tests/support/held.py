"""Whether a server still has a connection, whatever its client can see. Linux only."""

from __future__ import annotations

import socket
from collections.abc import Iterable
from pathlib import Path

from tests.support.wire import Target


def held(target: Target, clients: Iterable[socket.socket]) -> int:
    """Return how many of these clients' connections are still open in some process at their other end."""
    ports = {client.getsockname()[1] for client in clients}
    count = 0
    for line in Path("/proc/net/tcp").read_text("utf-8").splitlines()[1:]:
        _, here, there, _, _, _, _, _, _, inode, *_ = line.split()
        count += _port(here) == target.port and _port(there) in ports and inode != "0"
    return count


def _port(address: str) -> int:
    return int(address.rpartition(":")[2], 16)
