"""The types of files that are accepted, each known by its first bytes: names of files decide nothing.

Text, HTML, SVG and FB2 are not accepted: they have no signature, or a browser may run what is in them. Nor are comic
books (CBZ): only their name distinguishes them from any other zip file.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from struct import unpack_from
from typing import Literal

from msgspec import Struct

from diptych.core.files.content.errors import UnsupportedTypeError

HEAD = 64 << 10
"""Bytes at the beginning of a file by which its type is known."""


class FileType(Struct, frozen=True):
    """A type of files. name: as people call it. suffix: of the names of its files. kind: what such a file can be."""

    name: str
    media_type: str
    suffix: str
    kind: Literal["image", "book"]


JPEG = FileType("JPEG", "image/jpeg", ".jpg", "image")
PNG = FileType("PNG", "image/png", ".png", "image")
WEBP = FileType("WebP", "image/webp", ".webp", "image")
GIF = FileType("GIF", "image/gif", ".gif", "image")
EPUB = FileType("EPUB", "application/epub+zip", ".epub", "book")
PDF = FileType("PDF", "application/pdf", ".pdf", "book")
MOBI = FileType("MOBI", "application/x-mobipocket-ebook", ".mobi", "book")
AZW3 = FileType("AZW3", "application/vnd.amazon.mobi8-ebook", ".azw3", "book")

ACCEPTED = (JPEG, PNG, WEBP, GIF, EPUB, PDF, MOBI, AZW3)

SUFFIXES = {each.media_type: each.suffix for each in ACCEPTED}

NAMES = {each.media_type: each.name for each in ACCEPTED}

IMAGES = frozenset(each.media_type for each in ACCEPTED if each.kind == "image")
"""Media types that browsers show: everything else is only saved."""

BOOKS = frozenset(each.media_type for each in ACCEPTED if each.kind == "book")

_MIMETYPE = b"mimetype"
_ZIP = b"PK\x03\x04"
_ZIP_HEADER = 30  # bytes before the name of the first file
_PALM_HEADER = 78  # bytes before the list of records
_MOBI_8 = 8


def _is_epub(head: bytes) -> bool:
    """Return whether a zip file begins with the stored file `mimetype` of an EPUB book (OCF 3.3, section 4.3.3).

    An extra field before its content is against the rule, and common.
    """
    if not head.startswith(_ZIP) or len(head) < _ZIP_HEADER:
        return False
    name_length, extra_length = unpack_from("<HH", head, 26)
    content = _ZIP_HEADER + name_length + extra_length
    name = head[_ZIP_HEADER : _ZIP_HEADER + name_length]
    return name == _MIMETYPE and head.startswith(EPUB.media_type.encode(), content)


def _is_palm_book(head: bytes) -> bool:
    return head[60:68] == b"BOOKMOBI"


def _is_azw3(head: bytes) -> bool:
    """Return whether the first record of a Palm database says that its format is version 8."""
    if not _is_palm_book(head) or len(head) < _PALM_HEADER + 4:
        return False
    (record,) = unpack_from(">I", head, _PALM_HEADER)
    version = head[record + 36 : record + 40]
    return head[record + 16 : record + 20] == b"MOBI" and int.from_bytes(version, "big") == _MOBI_8


def _begins(pattern: bytes) -> Callable[[bytes], bool]:
    expression = re.compile(pattern, re.DOTALL)
    return lambda head: expression.match(head) is not None


_TESTS: tuple[tuple[FileType, Callable[[bytes], bool]], ...] = (
    (JPEG, _begins(rb"\xff\xd8\xff")),
    (PNG, _begins(rb"\x89PNG\r\n\x1a\n....IHDR")),
    (WEBP, _begins(rb"RIFF....WEBPVP8[ LX]")),
    (GIF, _begins(rb"GIF8[79]a")),
    (EPUB, _is_epub),
    (PDF, _begins(rb"%PDF-[0-9]")),
    (AZW3, _is_azw3),
    (MOBI, _is_palm_book),
)


def identify(head: bytes, kind: Literal["image", "book"] | None = None) -> FileType:
    """Return the type of the file that begins with `head`: its first HEAD bytes, or all of a shorter file.

    kind: what is asked for: the error names no type of another kind.
    Raises UnsupportedTypeError. A file may be of another type too, as a GIF that is also a script: it is to be served
    as the type that is returned here, with X-Content-Type-Options: nosniff.
    """
    found = next((file_type for file_type, test in _TESTS if test(head)), None)
    if found is not None:
        return found
    if head.startswith(_ZIP) and kind != "image":
        raise UnsupportedTypeError(
            "This is a zip file, but no EPUB book: that begins with an uncompressed file named mimetype."
        )
    *names, last = (file_type.name for file_type in ACCEPTED if kind in (None, file_type.kind))
    raise UnsupportedTypeError(f"This is a file of another type than {', '.join(names)} and {last}.")
