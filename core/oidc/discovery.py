"""Read the keys of an issuer over the network: its metadata (OpenID Connect Discovery 1.0), and the key set there."""

from __future__ import annotations

import http.client
import time
import urllib.request
from typing import Any
from urllib.error import HTTPError, URLError

from diptych.core.http import json
from diptych.core.oidc.key_set import KeySet, parse_key_set
from diptych.core.oidc.provider import check_url

PATH = "/.well-known/openid-configuration"

SIZE = 256 * 1024
"""Bytes of a document, at most."""

READ_TIMEOUT = 5.0
"""Seconds that connecting may take, and each wait for more of a response."""

SECONDS = 10.0
"""Seconds until a body has to be there."""


class DiscoveryError(Exception):
    """The keys cannot be read; the text says why, in a line for the operator."""


def read_keys(issuer: str) -> KeySet:
    """Return the keys of an issuer. Errors: DiscoveryError."""
    address = issuer.rstrip("/") + PATH
    metadata = _document(address)
    if not isinstance(metadata, dict) or metadata.get("issuer") != issuer:
        # OpenID Connect Discovery section 4.3
        raise DiscoveryError(f"{address} is not of the issuer {issuer}")
    keys = metadata.get("jwks_uri")
    try:
        check_url(str(keys))
    except ValueError as error:
        raise DiscoveryError(f"jwks_uri of {address} {error}") from None
    if issuer.startswith("https:") and not str(keys).startswith("https:"):
        raise DiscoveryError(f"jwks_uri of {address} is no https URL")
    try:
        return parse_key_set(_document(str(keys)))
    except ValueError as error:
        raise DiscoveryError(f"{keys} {error}") from None


def _document(address: str) -> Any:
    """Return the JSON at an address. Errors: DiscoveryError."""
    until = time.monotonic() + SECONDS
    request = urllib.request.Request(address, headers={"Accept": "application/json", "User-Agent": "diptych"})  # noqa: S310 - checked
    try:
        with _opener().open(request, timeout=READ_TIMEOUT) as response:
            body = b""
            while part := response.read1(SIZE):
                body += part
                if len(body) > SIZE or time.monotonic() > until:
                    raise DiscoveryError(f"{address} has more than {SIZE} bytes, or they did not come in {SECONDS:g} s")
    except HTTPError as error:
        error.close()
        raise DiscoveryError(f"{address} answers {error.code}") from None
    except (OSError, UnicodeError) as error:  # the latter of a host that can be no name
        reason = error.reason if isinstance(error, URLError) else error
        raise DiscoveryError(f"{address} cannot be reached: {reason}") from None
    except http.client.HTTPException as error:
        # Its text may be the issuer's.
        raise DiscoveryError(f"{address} is not answered in HTTP: {type(error).__name__}") from None
    try:
        return json.decode(body)
    except ValueError as error:
        raise DiscoveryError(f"{address} is no JSON that can be accepted: {error}") from None


def _opener() -> urllib.request.OpenerDirector:
    """Return what opens http and https, by a proxy where the environment names one, and follows no redirect."""
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(),
        urllib.request.HTTPHandler(),
        urllib.request.HTTPSHandler(),
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.HTTPErrorProcessor(),
    ):
        opener.add_handler(handler)
    return opener
