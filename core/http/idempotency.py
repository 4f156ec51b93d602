"""Idempotency-Key: lets a client repeat a POST without repeating its effect.

https://datatracker.ietf.org/doc/html/draft-ietf-httpapi-idempotency-key-header
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b, sha256

from diptych.core.idempotency.rules import idempotency_key

FORM_KEY = "form_key"
"""The field of a form that has its key: a browser sends no header of a page's own."""


@dataclass(frozen=True, slots=True)
class RequestKey:
    """The key that a client gives a request and its repetitions. fingerprint: identifies the request's content."""

    name: str
    fingerprint: bytes

    @classmethod
    def of(cls, field: str, method: str, address: str, body: bytes) -> RequestKey:
        """Return the key in a header field, for a request. Errors: ValueError.

        address: without the prefix at which the catalogue is mounted. body: without its content coding.
        """
        return cls(idempotency_key(field), sha256(f"{method} {address}\n".encode() + body).digest())

    def of_owner(self, owner: str) -> RequestKey:
        """Return the key as one client's own: others with the same key do not get its response.

        It begins with a character that no client's key can have.
        """
        return RequestKey(f"\x7f{sha256(f'{owner} {self.name}'.encode()).hexdigest()}", self.fingerprint)

    @property
    def lock(self) -> int:
        """The number of the key's advisory lock."""
        return int.from_bytes(blake2b(self.name.encode(), digest_size=8).digest(), signed=True)
