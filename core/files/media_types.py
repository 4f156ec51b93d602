"""The types of files that are accepted, each known by its first bytes: names of files decide nothing."""

from __future__ import annotations

import re
from typing import Literal

from msgspec import Struct


class FileType(Struct, frozen=True):
    """A type of files. name: as people call it. suffix: of the names of its files. kind: what such a file can be."""

    name: str
    media_type: str
    suffix: str
    kind: Literal["image", "book"]


_TESTS = (
    (FileType("JPEG", "image/jpeg", ".jpg", "image"), rb"\xff\xd8\xff"),
    (FileType("PNG", "image/png", ".png", "image"), rb"\x89PNG\r\n\x1a\n....IHDR"),
    (FileType("WebP", "image/webp", ".webp", "image"), rb"RIFF....WEBPVP8[ LX]"),
    (FileType("GIF", "image/gif", ".gif", "image"), rb"GIF8[79]a"),
    (FileType("EPUB", "application/epub+zip", ".epub", "book"), rb"PK\x03\x04.{26}mimetypeapplication/epub\+zip"),
    (FileType("PDF", "application/pdf", ".pdf", "book"), rb"%PDF-[0-9]"),
    (FileType("MOBI", "application/x-mobipocket-ebook", ".mobi", "book"), rb".{60}BOOKMOBI"),
)

ACCEPTED = tuple(each for each, _ in _TESTS)


def identify(head: bytes) -> FileType:
    """Return the type of the file that begins with `head`. Errors: ValueError for any other."""
    for file_type, pattern in _TESTS:
        if re.match(pattern, head, re.DOTALL):
            return file_type
    *names, last = (each.name for each in ACCEPTED)
    raise ValueError(f"This is a file of another type than {', '.join(names)} and {last}.")


SUFFIXES = {each.media_type: each.suffix for each in ACCEPTED}

IMAGES = frozenset(each.media_type for each in ACCEPTED if each.kind == "image")
"""Media types that browsers show: everything else is only saved."""
