"""Passwords: which may be chosen (NIST SP 800-63B), and their hashes (Argon2id, RFC 9106)."""

from __future__ import annotations

import unicodedata
from functools import cache
from typing import Any

from diptych.core.errors import ServiceUnavailable

LEAST, MOST = 15, 1024
"""Characters of a password in NFC."""

DUMMY_HASH = "$argon2id$v=19$m=19456,t=2,p=1$UPBg6XNmmnhlMyIAxqEJ2g$O4b+eSHP1uKCeJoPDAamhhPlHCoDuWGVzbxdEuMTN18"
"""The hash of something random, for accounts that do not exist or have no password: refusing them takes as long as any.
"""

UNCHECKED = "Passwords cannot be checked now."

_COMMON = frozenset(
    (
        "correcthorsebatterystaple", "passwordpassword", "password12345678", "1234567890123456", "qwertyuiopasdfgh",
        "adminadminadminadmin", "administratoradministrator", "letmeinletmein12", "iloveyouiloveyou",
        "changemechangeme", "welcomewelcome12", "thisismypassword", "thequickbrownfox", "abcdefghijklmnop",
        "testtesttesttest",
    )
)  # fmt: skip
_SEQUENCES = ("abcdefghijklmnopqrstuvwxyz" * 2, "0123456789" * 8, "qwertyuiopasdfghjklzxcvbnm" * 2)
_OWN_WORDS = ("diptych", "catalogue", "password")


def check_password(text: str, account: str) -> str:
    """Return a password that may be chosen, in NFC. account: its name. Errors: ValueError for one that is too easy."""
    password = unicodedata.normalize("NFC", text)
    if not LEAST <= len(password) <= MOST:
        raise ValueError(f"should have {LEAST} to {MOST:,} characters")
    plain = password.casefold()
    squeezed = "".join(plain.split())
    if squeezed in _COMMON or any(squeezed in each or squeezed in each[::-1] for each in _SEQUENCES):
        raise ValueError("is one that is guessed first")
    if _period(squeezed) <= 4:
        raise ValueError("repeats itself")
    own = squeezed
    for word in (account.casefold(), *_OWN_WORDS):
        own = own.replace(word, "")
    if len(own) < LEAST // 2:
        raise ValueError("is little more than the name of the account or of this service")
    return password


def _period(text: str) -> int:
    """Return the period of a text: 3 for "abcabcab"."""
    return next(size for size in range(1, len(text) + 1) if text == (text[:size] * len(text))[: len(text)])


@cache
def _hasher() -> Any:
    """Return the hasher with OWASP's minimum: 28 ms of a processor, and 19 MiB."""
    from argon2 import PasswordHasher  # noqa: PLC0415 - only signing in needs it

    return PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


def hash_password(password: str) -> str:
    """Return the hash of a password in NFC, with its parameters and salt. Errors: ServiceUnavailable without memory."""
    from argon2.exceptions import HashingError  # noqa: PLC0415 - as in _hasher

    try:
        found: str = _hasher().hash(password)
    except HashingError as error:
        raise ServiceUnavailable(UNCHECKED) from error
    return found


def matches(password_hash: str | None, text: str) -> bool:
    """Return whether a text is the password of a hash; never for None.

    Errors: ServiceUnavailable without memory; argon2's InvalidHashError for a damaged hash.
    """
    from argon2.exceptions import VerificationError, VerifyMismatchError  # noqa: PLC0415 - as in _hasher

    password = unicodedata.normalize("NFC", text[: MOST * 4])
    try:
        _hasher().verify(password_hash or DUMMY_HASH, password)
    except VerifyMismatchError:
        return False
    except VerificationError as error:
        raise ServiceUnavailable(UNCHECKED) from error
    return password_hash is not None


def is_outdated(password_hash: str) -> bool:
    """Return whether a hash was made with other parameters than new ones."""
    outdated: bool = _hasher().check_needs_rehash(password_hash)
    return outdated
