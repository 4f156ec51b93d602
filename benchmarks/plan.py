"""The plan of a run, read from the environment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.contestants import CONTESTANTS, Contestant
from benchmarks.workloads import WORKLOADS, Workload

WHOLE = {"BENCH_ROUNDS": 3, "BENCH_SECONDS": 4}
QUICK = {"BENCH_ROUNDS": 1, "BENCH_SECONDS": 2}

STOCK = 8000


class UsageError(Exception):
    """A setting is invalid; the text names the valid values."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The plan of a run. stock: requests a second that there are rows for, where each can be sent only once."""

    contestants: Sequence[Contestant]
    workloads: Sequence[Workload]
    rounds: int
    seconds: int
    warm_up: int = 1
    stock: int = STOCK

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> Plan:
        """Read the plan from an environment. Errors: UsageError."""
        defaults = {"": WHOLE, "quick": QUICK}.get(environ.get("BENCH", ""))
        if defaults is None:
            raise UsageError(f"BENCH={environ['BENCH']} means nothing; BENCH=quick is a short run")
        return cls(
            contestants=_chosen(environ, "BENCH_ONLY", CONTESTANTS),
            workloads=_chosen(environ, "BENCH_WORKLOADS", WORKLOADS),
            rounds=_number(environ, "BENCH_ROUNDS", defaults["BENCH_ROUNDS"]),
            seconds=_number(environ, "BENCH_SECONDS", defaults["BENCH_SECONDS"]),
            stock=_number(environ, "BENCH_STOCK", STOCK),
        )

    @property
    def whole(self) -> bool:
        """Whether the run is complete, so that its figures may be published."""
        return (
            len(self.contestants) == len(CONTESTANTS)
            and len(self.workloads) == len(WORKLOADS)
            and self.rounds >= WHOLE["BENCH_ROUNDS"]
            and self.seconds >= WHOLE["BENCH_SECONDS"]
        )

    def prepared(self, workload: Workload, seconds: int) -> int:
        """Return how many requests a load of that length may need, where each can be sent only once."""
        return self.stock * seconds // workload.work


def _number(environ: Mapping[str, str], name: str, default: int) -> int:
    text = environ.get(name) or str(default)
    if not (text.isascii() and text.isdecimal() and int(text)):
        raise UsageError(f"{name} is a whole number from 1, not {text}")
    return int(text)


def _chosen(environ: Mapping[str, str], name: str, all_of_them: Sequence[Any]) -> list[Any]:
    known = [item.name for item in all_of_them]
    wanted = [part.strip() for part in environ.get(name, "").split(",") if part.strip()] or known
    if strange := [part for part in wanted if part not in known]:
        raise UsageError(f"{name} has {', '.join(strange)}; there are {', '.join(known)}")
    return [item for item in all_of_them if item.name in wanted]
