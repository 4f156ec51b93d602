"""Serialize a response (RFC 9112): all that Sanic sends, and what gunicorn's worker answers before Flask is called."""

from __future__ import annotations

import time
from collections.abc import Iterable
from email.utils import formatdate
from functools import lru_cache

from diptych.core.http.wire.reason_phrases import status_line

SERVER = "diptych"
"""What both servers call themselves: nothing about which of them it is."""


def date() -> str:
    """The Date of a message that is sent now (RFC 9110 section 6.6.1)."""
    return _date(int(time.time()))


@lru_cache(maxsize=2)
def _date(second: int) -> str:
    return formatdate(second, usegmt=True)


def message(status: int, fields: Iterable[tuple[str, object]], body: bytes) -> bytes:
    """The whole message. fields: of its head, with its framing among them.

    Errors: ValueError where a field would end its line.
    """
    lines = [f"HTTP/1.1 {status_line(status)}", *[f"{name}: {value}" for name, value in fields], "", ""]
    head = "\r\n".join(lines)
    ends = len(lines) - 1
    if head.count("\n") != ends or head.count("\r") != ends:
        raise ValueError("a field of a response's head has more than one line")
    return head.encode("latin-1") + body
