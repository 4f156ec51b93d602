"""The heads of a form with files (RFC 7578), and of its parts."""

from __future__ import annotations

import re

MULTIPART = "multipart/form-data"
OCTETS = "application/octet-stream"

_BOUNDARY = re.compile(r"""boundary=(?:"([^"]{1,70})"|([^\s;"]{1,70}))""", re.IGNORECASE)
_FILE_NAME = re.compile(r'filename="((?:[^"\\]|\\.)*)"', re.IGNORECASE)
HEAD_LIMIT = 8192
"""Bytes of the head of a part, at most."""


def is_multipart(content_type: str) -> bool:
    """Return whether a body of this media type is a form that may have files."""
    return content_type.partition(";")[0].strip().lower() == MULTIPART


def boundary_of(content_type: str) -> bytes:
    """Return what is between the parts of a form. Errors: ValueError."""
    found = _BOUNDARY.search(content_type)
    if found is None:
        raise ValueError("its Content-Type names no boundary")
    return (found[1] or found[2]).encode("latin-1")


def file_name(head: str) -> str | None:
    """Return the name of the file in a part with this head, without folders; None for a field without a file."""
    found = _FILE_NAME.search(head)
    if found is None:
        return None
    return re.sub(r"\\(.)", r"\1", unescaped(found[1])).replace("\\", "/").rpartition("/")[2]


def unescaped(name: str) -> str:
    """Return the name of a field or a file from what browsers write (the HTML standard's multipart/form-data)."""
    return name.replace("%22", '"').replace("%0D", "").replace("%0A", "")
