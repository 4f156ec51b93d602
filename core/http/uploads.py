"""The heads of a form with files (RFC 7578), and of its parts."""

from __future__ import annotations

import re

MULTIPART = "multipart/form-data"
OCTETS = "application/octet-stream"

_BOUNDARY = re.compile(r""";\s*boundary=(?:"([^"]{1,70})"|([^\s;"]{1,70}))""", re.IGNORECASE)
_DISPOSITION = re.compile(r"^content-disposition:((?:[^\r\n]|\r\n[ \t])*)", re.IGNORECASE | re.MULTILINE)
_PARAMETER = re.compile(r""";\s*([^\s=;"]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;"]+))""")
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


def names_of(head: str) -> tuple[str | None, str | None]:
    """Return the name of the field, and that of the file without folders, of a part with this head; None for none.

    Browsers write both in quotes; .NET does not (RFC 2183 allows either).
    """
    found = _DISPOSITION.search(head)
    parameters: dict[str, str] = {}
    for name, quoted, token in _PARAMETER.findall(found[1] if found else ""):
        parameters.setdefault(name.lower(), quoted or token)
    field, file = (_unescaped(parameters.get(name)) for name in ("name", "filename"))
    return field, file and file.replace("\\", "/").rpartition("/")[2]


def _unescaped(name: str | None) -> str | None:
    """Return the name of a field or a file from what browsers write (the HTML standard's multipart/form-data).

    They do not escape a backslash, and others do.
    """
    if name is None:
        return None
    return re.sub(r'\\(["\\])', r"\1", name.replace("%22", '"').replace("%0D", "").replace("%0A", ""))
