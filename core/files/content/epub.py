"""Reading of EPUB books: what they say about themselves, and their cover. The file is not trusted.

EPUB 2 and 3 (https://www.w3.org/TR/epub-33/). Only the few small files that are needed are unpacked, each with a limit;
nothing is loaded from outside, and nothing that their XML defines is used.
"""

from __future__ import annotations

import io
import posixpath
import zlib
from collections.abc import Iterable
from typing import BinaryIO
from urllib.parse import unquote
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from msgspec import Struct

from diptych.core.files.content.epub_package import OPF, cover_item, raw_book
from diptych.core.files.content.errors import EpubError, UnsupportedTypeError
from diptych.core.files.content.media_types import HEAD, identify
from diptych.core.formats.container_errors import ContainerError
from diptych.core.formats.normalization import normalized
from diptych.core.formats.record import BookRecord, Reject, Trouble
from diptych.core.formats.xml_records import Element, records
from diptych.core.formats.zip_member import open_archive

XML_MAX = 4 << 20
"""Bytes of the description of a book, unpacked, at most."""

COVER_MAX = 20 << 20
"""Bytes of a cover, at most."""

_CONTAINER = "META-INF/container.xml"
_ENCRYPTED = 0x1
_PIECE = 64 << 10
# What zipfile raises for damaged files.
_DAMAGE = (BadZipFile, EOFError, NotImplementedError, OSError, ValueError, zlib.error)


class Epub(Struct, frozen=True):
    """What an EPUB book says about itself, to be offered to a record.

    record: with the values that are valid. troubles: what was left out of it, and why. cover: the bytes of an image of
    a type that is accepted.
    """

    record: BookRecord
    troubles: tuple[Trouble, ...] = ()
    cover: bytes | None = None


def read_epub(stored: BinaryIO) -> Epub:
    """Return what an EPUB book says about itself.

    stored: the file, seekable; it stays open. A cover that is missing, too large, or of another type is a trouble.
    Raises EpubError when the description of the book cannot be read, or it has no title.
    """
    with _archive(stored) as archive:
        path = _package_path(archive)
        package = _root(_read(archive, path, XML_MAX), path, "package")
        book = normalized(raw_book(package))
        if isinstance(book, Reject):
            raise EpubError(f"The EPUB book cannot be offered: {book.reason}.")
        record, troubles = book
        try:
            cover = _cover(archive, path, package)
        except (EpubError, UnsupportedTypeError) as error:
            return Epub(record, (*troubles, Trouble("cover", cover_item(package) or "", str(error))))
    return Epub(record, tuple(troubles), cover)


def _archive(stored: BinaryIO) -> ZipFile:
    """Return the book as a zip file. Errors: EpubError."""
    try:
        return open_archive(stored)
    except ContainerError as error:
        raise EpubError(f"The EPUB book cannot be read: {error}.") from error


def _package_path(archive: ZipFile) -> str:
    """Return the path of the description of the book (OCF 3.3, section 4.2.6.3.1)."""
    container = _root(_read(archive, _CONTAINER, XML_MAX), _CONTAINER, "container")
    for rootfile in container.iterdescendants("{*}rootfile"):
        if rootfile.get("media-type") == OPF and (path := rootfile.get("full-path")):
            return str(path)
    raise EpubError(f"The EPUB book has no description: {_CONTAINER} names none.")


def _root(content: bytes, path: str, name: str) -> Element:
    """Return the root element of an XML file. Errors: EpubError."""
    try:
        item = next(iter(records(io.BytesIO(content), (name,), external_doctype=True)), None)
    except ValueError as error:
        raise EpubError(f"The EPUB book cannot be read: {path}: {error}.") from error
    if item is None:
        raise EpubError(f"The EPUB book cannot be read: {path} has no element {name}.")
    if isinstance(item, Reject):
        raise EpubError(f"The EPUB book cannot be read: {path}: {item.reason}.")
    return item[1]


def _cover(archive: ZipFile, package_path: str, package: Element) -> bytes | None:
    """Return the cover, None if none is named. Errors: EpubError; UnsupportedTypeError if it is no image."""
    href = cover_item(package)
    if href is None:
        return None
    path = posixpath.normpath(posixpath.join(posixpath.dirname(package_path), unquote(href.partition("#")[0])))
    content = _read(archive, path, COVER_MAX)
    if identify(content[:HEAD]).kind != "image":
        raise UnsupportedTypeError("This is no image.")
    return content


def _read(archive: ZipFile, path: str, limit: int) -> bytes:
    """Return a file of the book. Errors: EpubError, also for more than `limit` bytes."""
    info = _info(archive.infolist(), path)
    if info.flag_bits & _ENCRYPTED or info.compress_type not in {ZIP_STORED, ZIP_DEFLATED}:
        raise EpubError(f"The EPUB book cannot be read: {path} is encrypted, or not compressed by deflate.")
    content = bytearray()
    try:
        with archive.open(info) as member:
            while len(content) <= limit and (piece := member.read(_PIECE)):
                content += piece
    except _DAMAGE as error:
        raise EpubError(f"The EPUB book is damaged: {path}: {error}.") from error
    if len(content) > limit:
        raise EpubError(f"The EPUB book cannot be read: {path} has more than {limit:,} bytes.")
    return bytes(content)


def _info(infos: Iterable[ZipInfo], path: str) -> ZipInfo:
    found = next((info for info in infos if info.filename == path), None)
    if found is None:
        raise EpubError(f"The EPUB book is damaged: it has no file {path}.")
    return found
