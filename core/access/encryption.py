"""Encrypt values of the database with AES-256-GCM, each bound to its table, column and row.

A value is `v1.<key id>.<nonce and ciphertext in base64url>`, and its associated data is `table.column.row id`: in
another row or column it cannot be decrypted.
"""

from __future__ import annotations

import re
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from typing import Any
from uuid import UUID

KEY_BYTES, NONCE_BYTES = 32, 12

VARIABLE = "DIPTYCH_ENCRYPTION_KEYS"

_KEY_ID = "[A-Za-z0-9-]{1,32}"
_KEY = re.compile(rf"({_KEY_ID}):([A-Za-z0-9_-]{{43}})=?")
_VALUE = re.compile(rf"v1\.({_KEY_ID})\.([A-Za-z0-9_-]+)")


class UnreadableSecret(Exception):
    """A value cannot be decrypted. The text says why, for the operator, and has nothing of the value."""


class Keyring:
    """The keys by id. The first encrypts, all decrypt; without keys nothing can be done."""

    def __init__(self, keys: Mapping[str, bytes]) -> None:
        self._keys = dict(keys)

    @classmethod
    def parse(cls, text: str) -> Keyring:
        """Read `id:key,...`, with keys of 256 bits in base64url. Errors: ValueError, which names no key."""
        keys: dict[str, bytes] = {}
        for place, item in enumerate(each.strip() for each in text.split(",") if each.strip()):
            found = _KEY.fullmatch(item)
            key = urlsafe_b64decode(f"{found[2]}=") if found else b""
            if found is None or _base64url(key) != found[2]:
                raise ValueError(
                    f"is not id:key,...: number {place + 1} is no id of letters, digits and -, a colon, and"
                    f" {KEY_BYTES} bytes in base64url; `diptych keys generate` prints one"
                )
            if found[1] in keys:
                raise ValueError(f"has two keys with the id {found[1]}")
            keys[found[1]] = key
        return cls(keys)

    def __bool__(self) -> bool:
        return bool(self._keys)

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids of the keys; the first encrypts."""
        return tuple(self._keys)

    def encrypt(self, text: str, place: str) -> str:
        """Return a text encrypted with the first key. place: as `place_of` returns it. There has to be a key."""
        key_id = next(iter(self._keys))
        nonce = secrets.token_bytes(NONCE_BYTES)
        sealed = _cipher(self._keys[key_id]).encrypt(nonce, text.encode(), place.encode())
        return f"{prefix_of(key_id)}{_base64url(nonce + sealed)}"

    def decrypt(self, value: str, place: str) -> str:
        """Return the text of an encrypted value. Errors: UnreadableSecret."""
        from cryptography.exceptions import InvalidTag  # noqa: PLC0415 - as in _cipher

        column = place.rpartition(".")[0]
        found = _VALUE.fullmatch(value)
        if found is None:
            raise UnreadableSecret(f"a value of {column} is not one that this release has encrypted")
        if found[1] not in self._keys:
            wrong = f"does not have the key {found[1]}" if self._keys else f"is not set, and needs the key {found[1]}"
            raise UnreadableSecret(f"{VARIABLE} {wrong}, with which a value of {column} is encrypted")
        try:
            data = urlsafe_b64decode(found[2] + "=" * (-len(found[2]) % 4))
            plain = _cipher(self._keys[found[1]]).decrypt(data[:NONCE_BYTES], data[NONCE_BYTES:], place.encode())
        except (InvalidTag, ValueError):
            raise UnreadableSecret(
                f"a value of {column} cannot be decrypted with the key {found[1]}: the value was changed or comes from"
                " another row or column, or another key had this id"
            ) from None
        return bytes(plain).decode()


def place_of(column: Any, row_id: UUID) -> str:
    """Return the associated data of the value in a column of a row."""
    return f"{column.table.name}.{column.name}.{row_id}"


def prefix_of(key_id: str) -> str:
    """Return what all values begin with that are encrypted with a key."""
    return f"v1.{key_id}."


def new_key() -> str:
    """Return a new random key with a random id, as the setting takes it."""
    return f"{secrets.token_hex(4)}:{_base64url(secrets.token_bytes(KEY_BYTES))}"


def _base64url(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def _cipher(key: bytes) -> Any:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415 - few requests need it

    return AESGCM(key)
