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
    return origin is not None and urlsplit(origin).netloc.lower() != headers.get("host", "").lower()
