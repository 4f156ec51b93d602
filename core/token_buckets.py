"""Token buckets in memory that the processes of one service share, so that a limit holds for all of its workers."""

from __future__ import annotations

import fcntl
import mmap
import os
import secrets
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path
from threading import Lock

SLOTS = 1 << 15
"""Buckets that there is room for. Where a new one has none, it takes the place of the fullest of those around it."""

PROBES = 8
"""Slots in which a bucket may be."""

_SLOT = struct.Struct("<Qdd")  # the key's digest, the tokens, and the moment when there were so many
_SALT = 16
_SIZE = _SALT + SLOTS * _SLOT.size


class TokenBuckets:
    """A bucket of tokens for each key, refilled steadily.

    capacity: tokens of a full bucket, as all begin. rate: tokens a second. path: of the file that the processes share;
    None for buckets of this process. Errors: OSError, for the file.
    """

    def __init__(self, capacity: float, rate: float, path: Path | None) -> None:
        self._capacity, self._rate = capacity, rate
        self._lock = Lock()
        self._file: int | None = None
        if path is None:
            self._memory = mmap.mmap(-1, _SIZE)
        else:
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            os.ftruncate(self._file, _SIZE)
            self._memory = mmap.mmap(self._file, _SIZE)
        with self._locked(0, _SALT):
            # Nobody can choose keys that share a slot.
            if not any(self._memory[:_SALT]):
                self._memory[:_SALT] = secrets.token_bytes(_SALT)
            self._salt = bytes(self._memory[:_SALT])

    def take(self, key: bytes, cost: float, now: float) -> tuple[bool, float]:
        """Take tokens from a key's bucket; return whether it had enough, and how many are left.

        now: monotonic seconds, which all processes of a machine count alike.
        """
        digest = int.from_bytes(blake2b(key, digest_size=8, key=self._salt).digest()) or 1
        first = _SALT + digest % (SLOTS - PROBES) * _SLOT.size
        with self._locked(first, PROBES * _SLOT.size):
            place, tokens = self._find(first, digest, now)
            enough = tokens >= cost
            tokens -= cost if enough else 0
            _SLOT.pack_into(self._memory, place, digest, tokens, now)
        return enough, tokens

    def _find(self, first: int, digest: int, now: float) -> tuple[int, float]:
        """Return the place of a key's bucket and its tokens; of a new one, the place of the fullest other."""
        fullest, most = first, -1.0
        for place in range(first, first + PROBES * _SLOT.size, _SLOT.size):
            owner, tokens, then = _SLOT.unpack_from(self._memory, place)
            # After a restart of the machine, moments in a kept file are in the future.
            gained = max(0.0, now - then) * self._rate
            tokens = min(self._capacity, tokens + gained) if owner else self._capacity
            if owner == digest:
                return place, tokens
            if tokens > most:
                fullest, most = place, tokens
        return fullest, self._capacity

    @contextmanager
    def _locked(self, start: int, length: int) -> Iterator[None]:
        """Exclude the other threads, and the other processes from these bytes."""
        with self._lock:
            if self._file is None:
                yield
                return
            fcntl.lockf(self._file, fcntl.LOCK_EX, length, start)
            try:
                yield
            finally:
                fcntl.lockf(self._file, fcntl.LOCK_UN, length, start)
