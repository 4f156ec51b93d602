"""Unpacking zstd frames (RFC 8878) one after the other, with a bound on memory."""

from __future__ import annotations

import io
from typing import Any

from zstandard import ZstdDecompressor

WINDOW_MAX = 1 << 27
"""Bytes of a frame that may have to be held to unpack what follows; the limit of the zstd program too."""
_PIECE = 1 << 10  # bytes unpacked at once, which can become 32 MiB: a block of 4 bytes can become 128 KiB


class ZstdFrames:
    """The bytes in a file of zstd frames.

    zstandard's own stream reader takes a file that is cut off for one that ends.
    """

    def __init__(self, stored: io.BufferedReader[Any]) -> None:
        self._stored = stored
        self._decompressor = ZstdDecompressor(max_window_size=WINDOW_MAX)
        self._frame = self._decompressor.decompressobj()
        self._begun = False
        self._waiting = b""  # stored bytes that are read and not yet unpacked
        self._unpacked = memoryview(b"")

    def read1(self, size: int, /) -> bytes:
        """Return some bytes, at most `size`, or none at the end. Errors: EOFError, ZstdError."""
        while not self._unpacked:
            if not self._unpack():
                return b""
        data, self._unpacked = bytes(self._unpacked[:size]), self._unpacked[size:]
        return data

    def close(self) -> None:
        """Let go of what is unpacked; the file stays open."""
        self._unpacked = memoryview(b"")

    def _unpack(self) -> bool:
        """Unpack one piece; return whether there was one."""
        piece = self._waiting or self._stored.read1(_PIECE)
        if not piece:
            if self._begun:
                raise EOFError("the file ends within a frame")
            return False
        self._unpacked = memoryview(self._frame.decompress(piece))
        self._begun, self._waiting = True, b""
        if self._frame.eof:
            self._waiting = self._frame.unused_data
            self._frame = self._decompressor.decompressobj()
            self._begun = False
        return True
