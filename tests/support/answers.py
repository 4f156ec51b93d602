"""What two servers say, made comparable."""

from __future__ import annotations

import re
from typing import Any

import httpx

Told = dict[str, Any]

HEADERS = ("content-type", "location", "allow", "retry-after")

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z")


def told(response: httpx.Response) -> Told:
    """What a response says, apart from what no two are the same in: ids and times."""
    headers = {name: neutral(response.headers[name]) for name in HEADERS if name in response.headers}
    return {"status": response.status_code, "headers": headers, "body": neutral(response.text)}


def neutral(text: str) -> str:
    """Text without its ids and times."""
    return _TIME.sub("<time>", _UUID.sub("<id>", text))
