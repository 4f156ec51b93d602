"""Idempotency-Key: a POST that a client may send again, and that is done once.

https://datatracker.ietf.org/doc/html/draft-ietf-httpapi-idempotency-key-header
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b, sha256

from diptych.core.idempotency.rules import idempotency_key


@dataclass(frozen=True, slots=True)
class RequestKey:
    """What a client calls one request, however often it sends it. fingerprint: by which another request is told."""

    name: str
    fingerprint: bytes

    @classmethod
    def of(cls, field: str, method: str, address: str, body: bytes) -> RequestKey:
        """The key that a header field names, of a request. Errors: ValueError.

        address: without where the catalogue is mounted. body: without its content coding.
        """
        return cls(idempotency_key(field), sha256(f"{method} {address}\n".encode() + body).digest())

    @property
    def lock(self) -> int:
        """The number of the key's advisory lock."""
        return int.from_bytes(blake2b(self.name.encode(), digest_size=8).digest(), signed=True)
