"""The address of the client of a request, from which trusted proxies have forwarded it (RFC 7239)."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Mapping

UNIX = "unix"
"""The name of a proxy that connects to a Unix socket."""

_FOR = re.compile(r'(?:^|;)\s*for="?([^";]*)"?', re.IGNORECASE)

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class TrustedProxies:
    """Proxies whose X-Forwarded-For or Forwarded is believed.

    names: addresses, networks, and UNIX. Errors: ValueError.
    """

    def __init__(self, names: Iterable[str]) -> None:
        found = list(names)
        self._unix = UNIX in found
        self._networks = [ipaddress.ip_network(name) for name in found if name != UNIX]

    def client_of(self, peer: str, headers: Mapping[str, str]) -> str:
        """Return the client's address: the last one that is not a trusted proxy's.

        peer: the address of the connection; empty for a Unix socket. headers: the request's. A proxy has to remove the
        header that it does not set itself.
        """
        client = peer
        if not self._trusts(peer):
            return peer
        for hop in reversed(_hops(headers)):
            if not self._trusts(client):
                break
            address = _parsed(hop)
            if address is None:
                break
            client = str(address)
        return client

    def _trusts(self, text: str) -> bool:
        if not text:
            return self._unix
        address = _parsed(text)
        return address is not None and any(address in network for network in self._networks)


def bucket_of(client: str) -> str:
    """Return what counts as one client: an IPv4 address, or the IPv6 network of 64 bits that one customer has."""
    address = _parsed(client)
    if isinstance(address, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((address, 64), strict=False))
    return client if address is None else str(address)


def _hops(headers: Mapping[str, str]) -> list[str]:
    """Return the addresses of a request's way, the first one's first."""
    if listed := headers.get("x-forwarded-for"):
        return listed.split(",")
    return [
        found[1] if (found := _FOR.search(each)) else "" for each in headers.get("forwarded", "").split(",") if each
    ]


def _parsed(text: str) -> Address | None:
    """Return an address, without its port; None for anything else, such as "unknown"."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address
