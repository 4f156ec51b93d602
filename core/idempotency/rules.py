"""Idempotency keys: their syntax and their lifetime."""

from __future__ import annotations

import re
from datetime import timedelta

KEY_LENGTH = 255
"""Most characters of a key."""

LIFETIME = timedelta(hours=24)
"""How long a key is kept with its response."""

_BARE = r"[!#$%&'*+./0-9:=@A-Z^_`a-z|~-]"
_QUOTED = r'(?:[ !#-\[\]-~]|\\["\\])'

PATTERN = rf'^(?:{_BARE}{{1,{KEY_LENGTH}}}|"{_QUOTED}{{1,{KEY_LENGTH}}}")$'
"""A String (RFC 9651 section 3.3.3), as the draft requires; or the same without quotes, as many clients send it."""

_KEY = re.compile(PATTERN.removesuffix("$") + r"\Z")


def idempotency_key(text: str) -> str:
    """Parse the key in a header field. Errors: ValueError."""
    if _KEY.match(text) is None:
        raise ValueError(f'write it as "key", with 1 to {KEY_LENGTH} printable ASCII characters')
    return re.sub(r"\\(.)", r"\1", text[1:-1]) if text.startswith('"') else text
