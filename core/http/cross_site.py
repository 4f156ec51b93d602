"""Requests that a page of another site has a browser send, with the cookies of its user, or from within a network."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

OWN = ("same-origin", "none")
"""Of Sec-Fetch-Site (the W3C's Fetch Metadata): a page of this origin, or the user, such as by typing the address."""


def is_cross_site(headers: Mapping[str, str]) -> bool:
    """Return whether a browser says that a page of another origin has made a request.

    headers: names in lower case. Old browsers, and all where the address is neither https nor local, send Origin only;
    programs send neither, nor cookies of somebody else. The same as CrossOriginProtection of Go's net/http.
    """
    if site := headers.get("sec-fetch-site"):
        return site not in OWN
    origin = headers.get("origin")
    return origin is not None and not _is_of(origin, headers.get("host", "").lower())


def _is_of(origin: str, host: str) -> bool:
    """Return whether an origin is that of a host, which leaves out the port that its scheme has anyway."""
    try:
        parts = urlsplit(origin.lower())
    except ValueError:
        return False
    port = {"http": ":80", "https": ":443"}.get(parts.scheme, "")
    return parts.netloc.removesuffix(port) == host.removesuffix(port) != ""
