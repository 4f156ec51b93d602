"""Which hosts a server serves: DIPTYCH_HOSTS, or those of loopback where it listens on nothing else."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from typing import Any

from diptych.core.http import problems

LOOPBACK = "localhost,127.0.0.1,[::1]"

RECOMMENDATION = (
    "Requests for any host name are answered. Set DIPTYCH_HOSTS to the service's own, against DNS rebinding, or to *"
    " to keep answering any: DIPTYCH_HOSTS=catalogue.example.org"
)
"""What a server logs at its start where the setting is empty and others can connect."""


class AllowedHosts:
    """The hosts of requests that are answered (RFC 9110 section 7.2), by name without port; "*" for any.

    In DNS rebinding, a web page's host name is changed to resolve to this server, and the browser lets the page use it.
    """

    __slots__ = ("_names",)

    def __init__(self, names: str) -> None:
        found = frozenset(name.strip().lower() for name in names.split(","))
        self._names = None if "*" in found else found

    def require(self, host: str | None, target: str) -> None:
        """Check a request's host. /health/* is answered under any: a load balancer asks by address.

        host: of an absolute target, or of the Host header; None in HTTP/1.0 without one. Errors: Problem 421.
        """
        if self._names is None or target.startswith("/health/"):
            return
        if host is None or name_of(host) not in self._names:
            raise problems.of_status(421)


def allowed_hosts(setting: str, addresses: Iterable[Any]) -> AllowedHosts:
    """Return the hosts that a server answers. addresses: of its listening sockets, as `getsockname` returns them."""
    return AllowedHosts(setting or (LOOPBACK if is_loopback(addresses) else "*"))


def is_loopback(addresses: Iterable[Any]) -> bool:
    """Return whether only this machine can connect to any of the addresses, by TCP.

    A Unix socket's address is not: what connects to it is a proxy with names of its own.
    """
    found = list(addresses)
    return bool(found) and all(
        isinstance(address, tuple) and ipaddress.ip_address(address[0].partition("%")[0]).is_loopback
        for address in found
    )


def name_of(host: str) -> str:
    """Return a host without its port and the dot at its end, in lower case."""
    name = host if host.endswith("]") else host.rpartition(":")[0] or host
    return name.removesuffix(".").lower()
