"""Content codings (RFC 9110 section 8.4): gzip, br and zstd out, gzip in."""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Callable, Mapping

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
"""Most members of one gzip body: zlib copies the rest of the data after each, so 8 MB of empty members took minutes."""

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
    if coding.lower() not in ("gzip", "x-gzip"):
        raise LookupError(coding)
    parts: list[bytes] = []
    room = limit
    while body:  # RFC 1952 section 2.2: one member after another
        if len(parts) == MEMBERS:
            raise ValueError(f"its gzip has more than {MEMBERS} members")
        member = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
        try:
            part = member.decompress(body, room + 1)
        except zlib.error:
            raise ValueError("it is not gzip") from None
        if len(part) > room:
            return None
        if not member.eof:
            raise ValueError("its gzip ends early")
        parts.append(part)
        room -= len(part)
        body = member.unused_data
    return b"".join(parts)
