"""Recovery codes: what signs people in who have lost the second factor, each once."""

from __future__ import annotations

import re
import secrets
from hashlib import sha256

COUNT = 10
"""Codes of an account."""

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
"""Crockford's base32: without i, l, o and u, which are taken for others."""

_LENGTH, _GROUP = 30, 5
"""150 bits: secrets have 128 at least (OWASP ASVS 5.0, 11.5.1), and an ordinary hash of 112 may be stored (6.5.2)."""

_LOOKALIKES = str.maketrans("ilo", "110")
_CODE = re.compile(rf"[{_ALPHABET}]{{{_LENGTH}}}")


def new_codes() -> list[str]:
    """Return the codes of an account. Only their digests are to be stored."""
    return [_new_code() for _ in range(COUNT)]


def digest_of(code: str) -> bytes | None:
    """Return the SHA-256 by which a code is found; None for text that is none.

    code: as `plain` returns it.
    """
    read = code.translate(_LOOKALIKES)
    return sha256(read.encode()).digest() if _CODE.fullmatch(read) else None


def plain(code: str) -> str:
    """Return a code of any kind as it is compared: in lower case, without spaces and hyphens."""
    return "".join(code.split()).replace("-", "").lower()


def _new_code() -> str:
    text = "".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH))
    return "-".join(text[place : place + _GROUP] for place in range(0, _LENGTH, _GROUP))
