"""Values of the database that a process uses for a few seconds without reading them again."""

from __future__ import annotations

from typing import Generic, TypeVar

SECONDS = 4.0
"""How long a value is used. A change by any deployment is effective everywhere within five seconds."""

LIMIT = 10_000
"""Values that are kept at most."""

KeyT = TypeVar("KeyT")
T = TypeVar("T")


class RecentValues(Generic[KeyT, T]):
    """Values by key, each with the moment when it was read (monotonic). Threads may share it."""

    def __init__(self) -> None:
        self._values: dict[KeyT, tuple[T, float]] = {}

    def get(self, key: KeyT, moment: float) -> T | None:
        """Return a value that is recent enough; else None."""
        found = self._values.get(key)
        return None if found is None or moment - found[1] > SECONDS else found[0]

    def put(self, key: KeyT, value: T, moment: float) -> None:
        """Keep a value that was read at a moment."""
        if len(self._values) >= LIMIT and key not in self._values:
            self._values.clear()
        self._values[key] = (value, moment)

    def renew(self, key: KeyT, moment: float) -> T | None:
        """Return a value of any age, to be used as if it had been read at a moment; None if there is none."""
        found = self._values.get(key)
        if found is None:
            return None
        self._values[key] = (found[0], moment)
        return found[0]
