"""Requests that a page of another site has a browser send, with the cookies of its user."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

OWN = ("same-origin", "none")
"""Of Sec-Fetch-Site (the W3C's Fetch Metadata): a page of this origin, or the user, such as by typing the address."""


def is_cross_site(headers: Mapping[str, str]) -> bool:
    """Return whether a browser says that a page of another origin has made a request.

    headers: names in lower case. Old browsers send Origin only; programs send neither, nor cookies of somebody else.
    """
    site = headers.get("sec-fetch-site")
    if site is not None:
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
