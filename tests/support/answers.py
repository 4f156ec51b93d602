"""Responses of two servers, made comparable."""

from __future__ import annotations

import base64
import re
from typing import Any

import httpx

Told = dict[str, Any]

HEADERS = ("content-type", "location", "allow", "retry-after")

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_SHA256 = re.compile(r"\b[0-9a-f]{64}\b")
# A JSON array that begins with a text, in base64.
_CURSOR = re.compile(r"\bWyJ[\w-]{50,}")
# The second is MARC's.
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|\+00:00)|\b20\d{12}\.0")


def told(response: httpx.Response) -> Told:
    """Return a response without values that always differ: ids and times."""
    headers = {name: neutral(response.headers[name]) for name in HEADERS if name in response.headers}
    return {"status": response.status_code, "headers": headers, "body": neutral(response.text)}


def neutral(text: str) -> str:
    """Remove ids, times and hashes of contents from a text."""
    return _SHA256.sub("<hash>", _TIME.sub("<time>", _UUID.sub("<id>", opened(text))))


def opened(text: str) -> str:
    """Decode the cursors in a text, which contain ids and times."""
    return _CURSOR.sub(lambda found: base64.urlsafe_b64decode(found[0] + "==").decode().replace('"', "'"), text)
