"""Time-based one-time passwords (RFC 6238): HMAC-SHA-1, six digits, steps of 30 seconds, secrets of 160 bits."""

from __future__ import annotations

import hmac
import re
import secrets
from base64 import b32decode, b32encode
from datetime import datetime
from urllib.parse import quote

DIGITS, PERIOD, SECRET_BYTES = 6, 30, 20

WINDOW = 1
"""Time steps before and after the current one whose codes are accepted (RFC 6238 section 5.2): clocks differ."""

ISSUER = "Diptych"

_CODE = re.compile(rf"[0-9]{{{DIGITS}}}")


def new_secret() -> str:
    """Return a new secret in base32 (RFC 4648), as authenticator apps take it."""
    return b32encode(secrets.token_bytes(SECRET_BYTES)).decode()


def provisioning_uri(secret: str, account: str) -> str:
    """Return the otpauth:// URI of a secret, which apps read from a QR code."""
    return (
        f"otpauth://totp/{quote(f'{ISSUER}:{account}', safe='')}?secret={secret}&issuer={ISSUER}"
        f"&algorithm=SHA1&digits={DIGITS}&period={PERIOD}"
    )


def step_at(moment: datetime) -> int:
    """Return the number of the step at a moment: T of RFC 6238 section 4.2."""
    return int(moment.timestamp()) // PERIOD


def code_at(secret: str, step: int, digits: int = DIGITS) -> str:
    """Return the code of a step (RFC 4226 section 5.3)."""
    digest = hmac.digest(b32decode(secret), step.to_bytes(8), "sha1")
    offset = digest[-1] & 15
    number = int.from_bytes(digest[offset : offset + 4]) & 0x7FFFFFFF
    return str(number)[-digits:].zfill(digits)


def accepted_step(secret: str, code: str, moment: datetime, last_step: int) -> int | None:
    """Return the step of a code; None for one that is wrong, too old or too new, or not after the last accepted step.

    code: without spaces.
    """
    if not _CODE.fullmatch(code):
        return None
    present, found = step_at(moment), None
    # All are compared, so that the time it takes says nothing.
    for step in range(present - WINDOW, present + WINDOW + 1):
        if hmac.compare_digest(code_at(secret, step), code) and step > last_step:
            found = step
    return found
