"""A file in the body of a request: the body itself, or the one file of a form (RFC 7578)."""

from __future__ import annotations

import re

from msgspec import Struct

MULTIPART = "multipart/form-data"
OCTETS = "application/octet-stream"

_BOUNDARY = re.compile(r"""boundary=(?:"([^"]{1,70})"|([^\s;"]{1,70}))""", re.IGNORECASE)
_FILE_NAME = re.compile(r'filename="((?:[^"\\]|\\.)*)"', re.IGNORECASE)
HEAD_LIMIT = 8192
"""Bytes of the head of a part, at most."""


class UploadedFile(Struct, frozen=True):
    """A file. name: as its sender calls it, without folders; None where nothing says."""

    name: str | None
    content: bytes


def uploaded_file(content: bytes, content_type: str) -> UploadedFile:
    """Return the file in a body of this media type. Errors: ValueError."""
    if content_type.partition(";")[0].strip().lower() != MULTIPART:
        return UploadedFile(None, content)
    files = [file for part in _parts(content, boundary_of(content_type)) if (file := _file(part))]
    if len(files) != 1:
        raise ValueError(f"it has {len(files)} files, and one is taken")
    return files[0]


def boundary_of(content_type: str) -> bytes:
    """Return what is between the parts of a form. Errors: ValueError."""
    found = _BOUNDARY.search(content_type)
    if found is None:
        raise ValueError("its Content-Type names no boundary")
    return (found[1] or found[2]).encode("latin-1")


def _parts(content: bytes, boundary: bytes) -> list[bytes]:
    """Return the parts between delimiters (RFC 2046 section 5.1.1). Errors: ValueError."""
    delimiter = re.compile(rb"\r\n--" + re.escape(boundary) + rb"(--|[ \t]*(?=\r\n))")
    first, *rest = delimiter.split(b"\r\n" + content)
    # Each delimiter is followed by its part; what follows the last one, with two hyphens, is none.
    ends, parts = rest[::2], rest[1::2]
    if first.strip() or b"--" not in ends:
        raise ValueError("it is no form, or does not end as its boundary says")
    return parts[: ends.index(b"--")]


def _file(part: bytes) -> UploadedFile | None:
    """Return the file in a part; None for a field without a file. Errors: ValueError."""
    end = part.find(b"\r\n\r\n")
    if not part.startswith(b"\r\n") or not 0 <= end <= HEAD_LIMIT:
        raise ValueError("a part of it has no head")
    name = file_name(part[:end].decode("utf-8", "replace"))
    return None if name is None else UploadedFile(name or None, part[end + 4 :])


def file_name(head: str) -> str | None:
    """Return the name of the file in a part with this head, without folders; None for a field without a file."""
    found = _FILE_NAME.search(head)
    if found is None:
        return None
    return re.sub(r"\\(.)", r"\1", unescaped(found[1])).replace("\\", "/").rpartition("/")[2]


def unescaped(name: str) -> str:
    """Return the name of a field or a file from what browsers write (the HTML standard's multipart/form-data)."""
    return name.replace("%22", '"').replace("%0D", "").replace("%0A", "")
