"""Opening the one file in a zip file."""

from __future__ import annotations

import io
from typing import Any, BinaryIO, cast
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipExtFile, ZipFile, ZipInfo

from diptych.core.formats.container_errors import ContainerError

DIRECTORY_MAX = 1 << 20
"""Bytes of the list of files in a zip file, of which each takes at least 46."""
_SHOWN = 5  # names of files in a message
_ENCRYPTED = 0x1
_DAMAGE = (BadZipFile, EOFError, NotImplementedError, ValueError)
_MAC = "__MACOSX/"  # where the Finder puts what belongs to the files beside it
_DOCUMENTS = {
    "xl/workbook.xml": "this is an Excel workbook: save its sheet as CSV",
    "word/document.xml": "this is a Word document, not a catalogue",
    "META-INF/container.xml": "this is an EPUB book, not a catalogue",
    "content.xml": "this is an OpenDocument file: save its sheet as CSV",
}


class _DirectoryTooLongError(Exception):
    """The list of files in a zip file is longer than DIRECTORY_MAX."""


class _Bounded:
    """A file with a bound on each read: zipfile reads the whole list of files in one call. It does not own the file."""

    def __init__(self, file: BinaryIO) -> None:
        self._read = file.read
        self.seek, self.tell, self.seekable = file.seek, file.tell, file.seekable

    def read(self, size: int | None = -1, /) -> bytes:
        limit = size if size is not None and size >= 0 else DIRECTORY_MAX + 1
        data = self._read(min(limit, DIRECTORY_MAX + 1))
        if len(data) > DIRECTORY_MAX:
            raise _DirectoryTooLongError
        return data


def open_archive(stored: BinaryIO) -> ZipFile:
    """Return the zip file in a seekable file, which the caller closes. Errors: ContainerError."""
    try:
        return ZipFile(cast(BinaryIO, _Bounded(stored)))
    except _DAMAGE as error:
        raise _damaged(error) from error
    except _DirectoryTooLongError as error:
        raise ContainerError("the zip file holds too many files") from error


def open_member(stored: io.BufferedReader[Any]) -> tuple[ZipExtFile, str]:
    """Return the one file in a zip file, opened, and its name; `stored` is used up. Errors: ContainerError."""
    if not stored.seekable():
        raise ContainerError(
            "a zip file cannot be read from a pipe, because its list of files is at its end: "
            "give the name of the file, or unpack it (unzip -p FILE | ...)"
        )
    archive = open_archive(cast(BinaryIO, io.BufferedReader(stored.detach())))
    info = _only_file(archive.infolist())
    try:
        return cast(ZipExtFile, archive.open(info)), info.filename.rpartition("/")[2]
    except _DAMAGE as error:
        raise _damaged(error) from error


def _damaged(error: Exception) -> ContainerError:
    return ContainerError(f"the zip file is damaged, cut off, or of an unknown kind: {error}")


def _only_file(infos: list[ZipInfo]) -> ZipInfo:
    """Return the entry of the only file. Errors: ContainerError."""
    files = [info for info in infos if not info.is_dir() and not info.filename.startswith(_MAC)]
    if len(files) != 1:
        told = next((words for info in files if (words := _DOCUMENTS.get(info.filename))), None)
        if told is not None:
            raise ContainerError(told)
        raise ContainerError(f"the zip file must hold exactly one file, and holds {_named(files)}")
    if files[0].flag_bits & _ENCRYPTED:
        raise ContainerError("the zip file is encrypted: unpack it first")
    if files[0].compress_type not in {ZIP_STORED, ZIP_DEFLATED}:
        raise ContainerError("the zip file is compressed in a way that is not read (only deflate is): unpack it first")
    return files[0]


def _named(files: list[ZipInfo]) -> str:
    if not files:
        return "none"
    names = ", ".join(repr(info.filename[:100]) for info in files[:_SHOWN])
    more = len(files) - _SHOWN
    return f"{len(files):,}: {names}" + (f" and {more:,} more" if more > 0 else "")
