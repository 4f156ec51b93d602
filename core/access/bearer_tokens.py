"""Bearer tokens: how they are made, and how a request carries one (RFC 6750)."""

from __future__ import annotations

import re
import secrets
from hashlib import sha256
from string import ascii_letters, digits
from zlib import crc32

PREFIX = "dpt_"
"""What each token begins with, so that scanners of repositories recognize one."""

_ALPHABET = digits + ascii_letters
_SECRET, _CHECKSUM = 43, 6
"""Characters: 43 of an alphabet of 62 are 256 bits, and 6 are a CRC-32."""

_TOKEN = re.compile(rf"{PREFIX}([0-9A-Za-z]{{{_SECRET}}})([0-9A-Za-z]{{{_CHECKSUM}}})")
_BEARER = re.compile(r"bearer(?: +|$)(.*)", re.IGNORECASE)


def new_token() -> str:
    """Return a new token. Only its digest is to be stored."""
    secret = "".join(secrets.choice(_ALPHABET) for _ in range(_SECRET))
    return f"{PREFIX}{secret}{_checksum(secret)}"


def digest_of(token: str) -> bytes | None:
    """Return the SHA-256 by which a token is found; None for text that is none, which is then not looked for."""
    found = _TOKEN.fullmatch(token)
    return sha256(token.encode()).digest() if found and _checksum(found[1]) == found[2] else None


def credentials(authorization: str | None) -> str | None:
    """Return the token in an Authorization field (RFC 6750 section 2.1), however malformed.

    None without a field, and for another scheme, unless it has a token all the same: a proxy in front may have asked
    for a password of its own.
    """
    found = _BEARER.fullmatch(authorization.strip()) if authorization else None
    if found is None:
        return authorization if authorization and PREFIX in authorization else None
    return found[1]


def _checksum(secret: str) -> str:
    number, text = crc32(secret.encode()), ""
    for _ in range(_CHECKSUM):
        number, rest = divmod(number, len(_ALPHABET))
        text = _ALPHABET[rest] + text
    return text
