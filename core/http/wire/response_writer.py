"""Serialize a response (RFC 9112): one writer for both servers, as there is one reader."""

from __future__ import annotations

import time
from collections.abc import Iterable
from email.utils import formatdate
from functools import lru_cache

from diptych.core.http.wire.reason_phrases import status_line

SERVER = "diptych"
"""The Server header of both servers: it does not reveal which one it is."""


def date() -> str:
    """Return the Date of a message sent now (RFC 9110 section 6.6.1)."""
    return _date(int(time.time()))


@lru_cache(maxsize=2)
def _date(second: int) -> str:
    return formatdate(second, usegmt=True)


def chunk(part: bytes) -> bytes:
    """Serialize one part of a chunked body, b"" as its end (RFC 9112 section 7.1)."""
    return b"%x\r\n%b\r\n" % (len(part), part)


def message(status: int, fields: Iterable[tuple[str, object]], body: bytes) -> bytes:
    """Serialize a complete message. fields: its headers, including Content-Length or Transfer-Encoding.

    Errors: ValueError where a field contains a line end.
    """
    lines = [f"HTTP/1.1 {status_line(status)}", *[f"{name}: {value}" for name, value in fields], "", ""]
    head = "\r\n".join(lines)
    ends = len(lines) - 1
    if head.count("\n") != ends or head.count("\r") != ends:
        raise ValueError("a field of a response's head has more than one line")
    return head.encode("latin-1") + body
