"""Content codings (RFC 9110 section 8.4): gzip, br and zstd out, gzip in."""

from __future__ import annotations

import gzip
import io
import re
import zlib
from collections.abc import Callable, Iterator, Mapping
from typing import BinaryIO

import brotli
import zstandard

WORTHWHILE = 1024
"""Smallest body in bytes that is compressed: below this, compression does not reduce the number of packets."""

CODERS: Mapping[str, Callable[[bytes], bytes]] = {
    "zstd": lambda body: zstandard.compress(body, 3),
    "br": lambda body: brotli.compress(body, quality=4),
    # No time in the header, so that the same body always compresses to the same bytes.
    "gzip": lambda body: gzip.compress(body, 6, mtime=0),
}
"""Content coding -> encoder, in order of preference. Each level is the highest that saves more than it costs."""

MEMBERS = 200
"""Most members of one gzip body: each costs as much as many bytes, and an empty one has twenty."""

_PIECE = 65_536

_ELEMENT = re.compile(r"\s*([!#$%&'*+.^_`|~0-9A-Za-z-]+)\s*(?:;\s*[qQ]=(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)\s*)?")


def choose(accept_encoding: str, size: int) -> str | None:
    """Return the coding for a body of `size` bytes, or None to send it as it is (RFC 9110 section 12.5.3).

    The highest weight wins; among equal weights, the order of CODERS decides. A malformed field requests no coding.
    """
    if not accept_encoding or size < WORTHWHILE:
        return None
    weights: dict[str, float] = {}
    for element in accept_encoding.split(","):
        found = _ELEMENT.fullmatch(element)
        if found is None:
            if element.strip():
                return None
            continue
        weights[found[1].lower().removeprefix("x-")] = float(found[2] or 1)
    others = weights.get("*", 0.0)
    best = max(CODERS, key=lambda coding: weights.get(coding, others))
    weight = weights.get(best, others)
    return best if weight > 0 and weight >= weights.get("identity", 0.0) else None


def decode(coding: str, body: bytes, limit: int) -> bytes | None:
    """Return a request's body without its coding, "gzip" or none; None when it decodes to more than `limit` bytes.

    Errors: LookupError for an unknown coding; ValueError when the body is invalid, incomplete, or has more than
    MEMBERS members.
    """
    if not coding:
        return body
    check(coding)
    parts: list[bytes] = []
    room = limit
    for part in decoded(io.BytesIO(body)):
        room -= len(part)
        if room < 0:
            return None
        parts.append(part)
    return b"".join(parts)


def check(coding: str) -> None:
    """Check whether a request's body may have a coding. Errors: LookupError."""
    if coding.lower() not in ("gzip", "x-gzip"):
        raise LookupError(coding)


def decoded(body: BinaryIO) -> Iterator[bytes]:
    """Yield what a body in gzip decodes to, in pieces. Errors: ValueError, as `decode`."""
    data, members = body.read(_PIECE), 0
    while data:  # RFC 1952 section 2.2: one member after another
        if members == MEMBERS:
            raise ValueError(f"its gzip has more than {MEMBERS} members")
        members += 1
        member = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
        while not member.eof:
            if not data:
                raise ValueError("its gzip ends early")
            try:
                piece = member.decompress(data, _PIECE)
            except zlib.error:
                raise ValueError("it is not gzip") from None
            if piece:
                yield piece
            data = member.unconsumed_tail or (b"" if member.eof else body.read(_PIECE))
        data = member.unused_data or body.read(_PIECE)
