"""Values of the database that a process uses for a few seconds without reading them again."""

from __future__ import annotations

from typing import Generic, TypeVar

SECONDS = 4.0
"""How long a value is used. A change by any deployment is effective everywhere within five seconds."""

OUTAGE = 3600.0
"""How long the last value is known while the database is away."""

LIMIT = 10_000
"""Values that are kept at most."""

KeyT = TypeVar("KeyT")
T = TypeVar("T")


class RecentValues(Generic[KeyT, T]):
    """Values by key, each with the moment when it was read (monotonic). Threads may share it.

    seconds: how long a value is recent.
    """

    def __init__(self, seconds: float = SECONDS) -> None:
        self._seconds = seconds
        self._values: dict[KeyT, tuple[T, float]] = {}

    def get(self, key: KeyT, moment: float) -> T | None:
        """Return a value that is recent enough; else None."""
        found = self._values.get(key)
        return None if found is None or moment - found[1] > self._seconds else found[0]

    def put(self, key: KeyT, value: T, moment: float) -> None:
        """Keep a value that was read at a moment."""
        if len(self._values) >= LIMIT and key not in self._values:
            self._values.clear()
        self._values[key] = (value, moment)

    def drop(self, key: KeyT) -> None:
        """Forget a value."""
        self._values.pop(key, None)

    def last(self, key: KeyT, moment: float) -> T | None:
        """Return a value that was read within the last hour; else None. For outages: it stays as old as it is."""
        found = self._values.get(key)
        return None if found is None or moment - found[1] > OUTAGE else found[0]
