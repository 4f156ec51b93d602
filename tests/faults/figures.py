"""The figures: one line for each fault and adapter, printed at the end of a run and written to docs/reliability.md."""

from __future__ import annotations

import datetime as dt
import os
import platform
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.metadata import version

HEADS = (
    "fault",
    "adapter",
    "requests",
    "answers",
    "acknowledged",
    "stored",
    "without a key: acknowledged",
    "stored",
    "slowest answer",
    "well after",
)

FAILOVER_HEADS = (*HEADS[:-2], "deadline", "slowest answer", "longest without a 201", "rate after it")


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """One fault under one adapter. once: of the clients without a key. recovery: None where it does not apply."""

    fault: str
    adapter: str
    statuses: Counter[int]
    acknowledged: int
    stored: int
    once_acknowledged: int
    once_stored: int
    slowest: float
    recovery: float | None

    def cells(self) -> list[str]:
        answers = [f"{number:,} of {status or 'none'}" for status, number in sorted(self.statuses.items())]
        return [
            self.fault,
            self.adapter,
            f"{self.statuses.total():,}",
            ", ".join(answers),
            f"{self.acknowledged:,}",
            f"{self.stored:,}",
            f"{self.once_acknowledged:,}",
            f"{self.once_stored:,}",
            f"{self.slowest:.2f} s",
            "" if self.recovery is None else f"{self.recovery:.2f} s",
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class FailoverFigures(Figures):
    """The same for a failover. gap: the longest time without a 201. rate: of 201 after it, compared with before."""

    deadline: int
    gap: float
    rate: float

    def cells(self) -> list[str]:
        *cells, slowest, _ = Figures.cells(self)
        return [*cells, f"{self.deadline} s", slowest, f"{self.gap:.1f} s", f"{self.rate:.0%}"]


def table(rows: Iterable[Figures], postgresql: str, heads: Sequence[str] = HEADS) -> str:
    """Return the figures as a Markdown table, with the conditions of the run."""
    cells = [row.cells() for row in sorted(rows, key=lambda row: row.fault)]
    lines = [heads, ["---"] * len(heads), *cells]
    packages = ", ".join(f"{name} {version(name)}" for name in ("gunicorn", "flask", "sanic", "sqlalchemy", "psycopg"))
    where = (
        f"{dt.datetime.now(dt.UTC):%Y-%m-%d}, {platform.system()} on {os.cpu_count()} cores, "
        f"Python {platform.python_version()}, PostgreSQL {postgresql}, {packages}."
    )
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + f"\n\n{where}\n"
