"""What a job goes through, and for how long."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Literal, get_args

from msgspec import Struct

State = Literal["queued", "running", "succeeded", "failed", "cancelled"]

STATES: tuple[str, ...] = get_args(State)

TYPE_LENGTH = 50
"""Most characters of the name of a type of job."""

LEASE = 30.0
"""Seconds that a worker has a job for. A job whose worker was killed goes on after that."""

RENEWALS = 3
"""How often a worker renews its lease while that holds."""

POLL = 1.0
"""Seconds after which a worker without a job looks for one."""

ATTEMPTS = 5
"""How often a job is begun anew without a batch in between, or a file from its beginning; then it has failed."""

LONGEST_PAUSE = 60.0
"""Seconds until the next attempt, at most: they double from one attempt to the next."""

KEPT = timedelta(days=30)
"""How long a job that has ended can be read."""

SWEEP_INTERVAL = 3600.0
"""Seconds after which a worker deletes older jobs again."""

SWEPT = 100
"""Jobs that one transaction deletes, at most."""

UNEXPECTED = "Something unexpected happened. It has been logged."
"""What is told of an error that nobody foresaw."""

ABANDONED = f"Its worker has ended {ATTEMPTS} times, and it got no further."
"""What is told of a job that ends its worker each time."""


class Progress(Struct, frozen=True):
    """How far a job is.

    position: where its next batch begins, as JSON. done: of `total`, which is None while that is not known. counts:
    what has been done, by name.
    """

    position: Any = None
    done: int = 0
    total: int | None = None
    counts: dict[str, int] = {}


class LeaseLost(Exception):
    """The job is no longer this worker's: its lease has ended and another worker has it, or it was cancelled."""


class JobFailed(Exception):
    """The job cannot be done; the text tells whoever asked for it why."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


def pause_before(attempt: int) -> float:
    """Return the seconds to wait before an attempt that follows this one, from 1."""
    return min(2.0 ** (attempt - 1), LONGEST_PAUSE)
