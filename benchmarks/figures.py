"""Figures from the measurements: medians of the rounds, and ratios of those."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from benchmarks.contestants import Contestant
from benchmarks.running import Measured
from benchmarks.workloads import Workload

VOID = "void"


@dataclass(frozen=True, slots=True)
class Figure:
    """One contestant at one workload: requests a second, and the 99th percentile in milliseconds."""

    rate: float
    p99: float


class Figures:
    """The figures of a run. A void measurement leaves its contestant without a figure for that workload."""

    def __init__(
        self, contestants: Sequence[Contestant], workloads: Sequence[Workload], measurements: Iterable[Measured]
    ) -> None:
        self.contestants, self.workloads = contestants, workloads
        found: dict[tuple[str, str], list[Measured]] = {}
        for one in measurements:
            found.setdefault((one.contestant, one.workload), []).append(one)
        self._spreads = [
            (max(rates) - min(rates)) / statistics.median(rates)
            for rounds in found.values()
            if all(rates := [one.loaded.rate for one in rounds])
        ]
        self._found = {
            key: Figure(
                statistics.median(one.loaded.rate for one in rounds),
                statistics.median(one.loaded.p99 for one in rounds) / 1000,
            )
            for key, rounds in found.items()
            if not any(one.fault for one in rounds)
        }

    def of(self, contestant: Contestant, workload: Workload) -> Figure | None:
        """Return the medians, or None."""
        return self._found.get((contestant.name, workload.name))

    def of_role(self, role: str, kind: str | None = None) -> list[Contestant]:
        """Return the contestants of a role, and of a kind."""
        return [each for each in self.contestants if each.role == role and kind in (None, each.kind)]

    def share(self, adapter: Contestant, workload: Workload) -> float | None:
        """Return the adapter's rate as a share of its floor's; None for other roles, and without figures."""
        return self._ratio(adapter, self.of_role("floor", adapter.kind), workload)

    def lead(self, contestant: Contestant, workload: Workload) -> float | None:
        """Return the rate of an adapter or floor as a multiple of the best peer's of its kind; None for peers."""
        return self._ratio(contestant, self.of_role("peer", contestant.kind), workload)

    def _ratio(self, contestant: Contestant, others: Iterable[Contestant], workload: Workload) -> float | None:
        own = self.of(contestant, workload)
        rates = [
            figure.rate for other in others if other.role != contestant.role and (figure := self.of(other, workload))
        ]
        return own.rate / max(rates) if contestant.role != "peer" and own and rates else None

    def spread(self) -> float:
        """Return the relative spread between the rounds of a figure: the median over all figures."""
        return statistics.median(self._spreads) if self._spreads else 0.0

    # As Markdown

    def heads(self) -> str:
        """Return the ratios."""
        adapters, floors = self.of_role("adapter"), self.of_role("floor")
        rows = [
            (f"{contestant.title}: {what}", [written(ratio(contestant, each)) for each in self.workloads])
            for what, ratio, written, contestants in (
                ("share of its floor", self.share, _share, adapters),
                ("times the best peer", self.lead, _times, [*adapters, *floors]),
            )
            for contestant in contestants
        ]
        return self._table(rows)

    def rates(self) -> str:
        """Return requests a second."""
        return self._each(lambda figure: f"{figure.rate:,.0f}")

    def p99s(self) -> str:
        """Return the 99th percentiles in milliseconds."""
        return self._each(lambda figure: f"{figure.p99:,.1f}")

    def _each(self, written: Callable[[Figure], str]) -> str:
        def cell(contestant: Contestant, workload: Workload) -> str:
            figure = self.of(contestant, workload)
            return VOID if figure is None else written(figure)

        return self._table((each.title, [cell(each, one) for one in self.workloads]) for each in self.contestants)

    def _table(self, rows: Iterable[tuple[str, list[str]]]) -> str:
        lines = [
            ["", *(each.title for each in self.workloads)],
            ["---", *("---:" for _ in self.workloads)],
            *([head, *cells] for head, cells in rows),
        ]
        return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _share(ratio: float | None) -> str:
    return "" if ratio is None else f"{ratio:.2f}"


def _times(ratio: float | None) -> str:
    return "" if ratio is None else f"{ratio:.1f}"
