"""Opening the file that holds a catalogue: as it is, gzipped, in zstd frames, or alone in a zip file.

What a file is, its first bytes say. Nothing unpacks to more than a bound, and memory does not grow with the file.
"""

from __future__ import annotations

import gzip
import io
import os
import stat
import sys
import zlib
from pathlib import Path
from typing import Any, BinaryIO, Literal, Protocol, Self, cast
from zipfile import BadZipFile

from zstandard import ZstdError

from diptych.core.formats.container_errors import BrokenContainerError, ContainerError
from diptych.core.formats.zip_member import open_member
from diptych.core.formats.zstd_frames import ZstdFrames

UNPACKED_RATIO = 200
"""Bytes that one byte of a compressed file may become; those of real catalogues become 3."""
UNPACKED_GRACE = 16 << 20
"""Bytes that any compressed file may become."""
HEAD = 64 << 10
"""Bytes at the beginning of a file by which its format is judged."""

Kind = Literal["gzip", "zstd", "zip"]
_MAGIC: tuple[tuple[bytes, Kind], ...] = (
    (b"\x1f\x8b", "gzip"),  # RFC 1952
    (b"\x28\xb5\x2f\xfd", "zstd"),  # RFC 8878
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),  # one without files
)
_REFUSED_MAGIC = (
    (b"\xfd7zXZ\x00", "an xz file"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z file"),
    (b"Rar!\x1a\x07", "a rar file"),
)
_MAGIC_SIZE = 10
_DAMAGE = (EOFError, gzip.BadGzipFile, zlib.error, ZstdError, BadZipFile)


class _Unpacker(Protocol):
    """What gives the unpacked bytes of a file."""

    def read1(self, size: int, /) -> bytes: ...

    def close(self) -> None: ...


class _Meter(io.RawIOBase):
    """Passes a binary file through and counts its bytes; closes it only if it is allowed to."""

    def __init__(self, source: BinaryIO, *, owned: bool) -> None:
        self._source = source
        self._owned = owned
        self.count = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return self._source.seekable()

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._source.seek(offset, whence)

    def tell(self) -> int:
        return self._source.tell()

    def readinto(self, buffer: Any) -> int:
        # read1 returns what a pipe holds now, where read would wait for a full buffer.
        data: bytes = cast(io.BufferedReader, self._source).read1(len(buffer))
        buffer[: len(data)] = data
        self.count += len(data)
        return len(data)

    def close(self) -> None:
        if self._owned:
            self._source.close()
        super().close()

    def size(self) -> int | None:
        """Return the bytes of a regular file, None for a pipe or terminal."""
        try:
            status = os.fstat(self._source.fileno())
        except OSError:
            return None
        return status.st_size if stat.S_ISREG(status.st_mode) else None


class _Unpacked(io.RawIOBase):
    """The bytes in a compressed file, as long as they are not too many for what is read of it."""

    def __init__(self, unpacker: _Unpacker, meter: _Meter, kind: Kind) -> None:
        self._unpacker = unpacker
        self._meter = meter
        self._kind = kind
        self._count = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        """Read as a file does. Errors: BrokenContainerError."""
        try:
            data = self._unpacker.read1(len(buffer))
        except _DAMAGE as error:
            raise BrokenContainerError(f"the compressed file is damaged from here on: {error}") from error
        self._count += len(data)
        if self._count > UNPACKED_GRACE + UNPACKED_RATIO * self._meter.count:
            first = "gunzip" if self._kind == "gzip" else "unpack"
            raise BrokenContainerError(
                f"the compressed file unpacks to more than {UNPACKED_RATIO} times its size: {first} it first"
            )
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        self._unpacker.close()
        super().close()


class _Replayed(io.RawIOBase):
    """Gives bytes that were read already, then those that follow them, or the fault that was met after them."""

    def __init__(self, read: bytes, rest: io.BufferedReader[Any], fault: BrokenContainerError | None = None) -> None:
        self._read = read
        self._rest = rest
        self._fault = fault

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        """Read as a file does. Errors: BrokenContainerError."""
        if not self._read and self._fault is not None:
            raise self._fault
        data = self._read[: len(buffer)] or self._rest.read1(len(buffer))
        self._read = self._read[len(buffer) :]
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        self._rest.close()
        super().close()


class OpenedFile:
    """A file that is open, with its bytes unpacked.

    stream: the bytes. name: what the file, or the one file in a zip file, is called, without the suffix of its
    compression; None for standard input. total: bytes of the file as it is stored, None for a pipe or terminal.
    """

    def __init__(self, stream: io.BufferedReader[Any], meter: _Meter, name: str | None) -> None:
        self.stream = stream
        self.name = name
        self.total = meter.size()
        self._meter = meter

    @property
    def bytes_read(self) -> int:
        """Bytes of the file, as it is stored, that have been read so far, buffers included."""
        return self._meter.count

    def head(self) -> bytes:
        """Return the first HEAD bytes, or all, of a file of which nothing is read yet; `stream` gives them again.

        A compressed file may break off within them: then these are fewer, and `stream` raises BrokenContainerError
        after them.
        """
        read, fault = b"", None
        try:
            while len(read) < HEAD and (more := self.stream.read1(HEAD - len(read))):
                read += more
        except BrokenContainerError as error:
            fault = error
        self.stream = io.BufferedReader(_Replayed(read, self.stream, fault), 1 << 16)
        return read

    def close(self) -> None:
        """Close the file; standard input stays open."""
        self.stream.close()
        self._meter.close()  # an unpacker leaves the file below it open

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def open_file(path: Path | Literal["-"]) -> OpenedFile:
    """Open a file, or standard input for "-", and unpack it if its first bytes say so.

    Raises ContainerError, with a text for people, for what is not unpacked here, and OSError when the file cannot be
    opened.
    """
    source = sys.stdin.buffer if path == "-" else Path(path).open("rb")  # noqa: SIM115 - OpenedFile closes it
    meter = _Meter(source, owned=path != "-")
    try:
        return _opened(meter, None if path == "-" else Path(path).name)
    except BaseException:
        meter.close()
        raise


def open_stream(source: BinaryIO, name: str | None) -> OpenedFile:
    """Open a file that is given as a buffered stream, which is closed with it. name, errors: as in `open_file`."""
    meter = _Meter(source, owned=True)
    try:
        return _opened(meter, name)
    except BaseException:
        meter.close()
        raise


def _opened(meter: _Meter, name: str | None) -> OpenedFile:
    """Return the file over a meter. Errors: ContainerError."""
    stored = io.BufferedReader(meter, 1 << 16)
    start = stored.read(_MAGIC_SIZE)
    kind = _kind(start)
    if kind is None:
        return OpenedFile(io.BufferedReader(_Replayed(start, stored), 1 << 16), meter, name)
    unpacker, name = _unpacker(kind, start, stored, meter, name)
    unpacked = io.BufferedReader(_Unpacked(unpacker, meter, kind), 1 << 16)
    try:
        start = unpacked.read(_MAGIC_SIZE)
    except BrokenContainerError as error:
        raise ContainerError(str(error)) from error
    if _kind(start) is not None:
        raise ContainerError(f"the {kind} file holds another compressed file: unpack the outer one first")
    return OpenedFile(io.BufferedReader(_Replayed(start, unpacked), 1 << 16), meter, name)


def _kind(start: bytes) -> Kind | None:
    """Return how bytes with this beginning are compressed. Errors: ContainerError for a way that is not read."""
    refused = next((words for magic, words in _REFUSED_MAGIC if start.startswith(magic)), None)
    if start.startswith(b"BZh") and start[4:10] == b"1AY&SY":
        refused = "a bzip2 file"
    if refused is not None:
        raise ContainerError(f"this is {refused}, which is not read: unpack it first (gzip, zstd and zip are read)")
    return next((kind for magic, kind in _MAGIC if start.startswith(magic)), None)


def _unpacker(
    kind: Kind, start: bytes, stored: io.BufferedReader[Any], meter: _Meter, name: str | None
) -> tuple[_Unpacker, str | None]:
    """Return what unpacks a file, and the name of what is in it. Errors: ContainerError."""
    if kind == "zip":
        member, name = open_member(stored)
        meter.count = 0  # the list of files, at the end, is no progress
        return member, name
    whole = io.BufferedReader(_Replayed(start, stored), 1 << 16)
    if kind == "zstd":
        return ZstdFrames(whole), _without(name, (".zst", ".zstd"))
    return gzip.GzipFile(fileobj=whole), _without(name, (".gz", ".gzip"))


def _without(name: str | None, suffixes: tuple[str, ...]) -> str | None:
    if name is None:
        return None
    return next((name[: -len(suffix)] for suffix in suffixes if name.lower().endswith(suffix)), name)
