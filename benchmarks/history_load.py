"""What the history and tokens cost requests under load, as a part of `make bench-history`.

Each adapter is started on two databases, one of which has no triggers, and both get the same requests in turn. A
request's cost is the rate of the load, and the processor time of the adapter and of PostgreSQL: where PostgreSQL has
processors of its own, only the adapter's delays other requests.
"""

from __future__ import annotations

import itertools
import random
import statistics
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import psutil

from benchmarks import catalogue as rows
from benchmarks.catalogue import Catalogue
from benchmarks.contestants import CONTESTANTS, Contestant
from benchmarks.load import load, write
from benchmarks.running import started
from benchmarks.workloads import WORKLOADS, Workload

KINDS = ("get_author", "patch", "create")

ROUNDS, SECONDS = 5, 3

PREPARED = 8000 * SECONDS
"""Requests of a round that are prepared, where each can be sent only once."""


class Cost(NamedTuple):
    """rate: requests a second. adapter, database: microseconds of processor time of one request."""

    rate: float
    adapter: float
    database: float


@dataclass(frozen=True, slots=True)
class Compared:
    """The medians of one kind of request under one adapter. more: with the history and tokens; less: without."""

    adapter: str
    title: str
    more: Cost
    less: Cost

    @property
    def ratio(self) -> float:
        """The rate without, as a multiple of that with."""
        return self.less.rate / self.more.rate


class Processors:
    """The processor time of the servers that this process has started, and of PostgreSQL."""

    def __init__(self, files: Path) -> None:
        self._postmaster = psutil.Process(int((files / "postmaster.pid").read_text().split()[0]))

    def adapter(self) -> float:
        """Return the seconds of all adapters that run."""
        return _seconds(psutil.Process().children(recursive=True))

    def database(self) -> float:
        """Return the seconds of PostgreSQL's processes, with those that have ended."""
        ended = self._postmaster.cpu_times()
        return _seconds(self._postmaster.children()) + float(ended.children_user + ended.children_system)


def _seconds(processes: list[psutil.Process]) -> float:
    total = 0.0
    for process in processes:
        try:
            times = process.cpu_times()
        except psutil.NoSuchProcess:
            continue
        total += times.user + times.system
    return total


@dataclass(frozen=True, slots=True)
class Load:
    """Loads both adapters on both databases. urls: of that with the history, and of that without. tokens: to send."""

    urls: tuple[str, str]
    tokens: tuple[str, str]
    directory: Path
    processors: Processors
    catalogue: Catalogue

    def compared(self) -> Iterator[Compared]:
        """Yield the costs of each kind of request under each adapter. Errors: LoadError, RuntimeError."""
        for contestant in (each for each in CONTESTANTS if each.role == "adapter"):
            for workload in (each for each in WORKLOADS if each.name in KINDS):
                one = Compared(contestant.name, workload.title, *self._in_turn(contestant, workload))
                print(f"{one.adapter}, {one.title}: {one.ratio:.2f}", flush=True)
                yield one

    def _in_turn(self, contestant: Contestant, workload: Workload) -> list[Cost]:
        self._prepare(workload)
        costs: list[list[Cost]] = [[], []]
        with ExitStack() as stack:
            addresses = [stack.enter_context(started(contestant, url, self.directory)) for url in self.urls]
            # The first round is for warming up.
            for number in range(ROUNDS + 1):
                for address, token, taken in zip(addresses, self.tokens, costs, strict=True):
                    taken.append(self._cost(workload, address, token, number))
        return [Cost(*map(statistics.median, zip(*taken[1:], strict=True))) for taken in costs]

    def _prepare(self, workload: Workload) -> None:
        """Write the requests, and replace the rows that they change."""
        cases = workload.cases(self.catalogue, random.Random(rows.SEED))  # noqa: S311 - the same requests each time
        if workload.once:
            cases = itertools.islice(cases, PREPARED * (ROUNDS + 1))
        write(self._requests(workload), cases, {})
        for url in self.urls:
            rows.fill(url, self.catalogue)

    def _cost(self, workload: Workload, address: str, token: str, number: int) -> Cost:
        before = self.processors.adapter(), self.processors.database()
        skip = PREPARED * number if workload.once else 0
        loaded = load(address, self._requests(workload), SECONDS, skip, token)
        if loaded.refused or loaded.unanswered or loaded.requests > PREPARED:
            raise RuntimeError(f"{workload.title}: {loaded}")
        after = self.processors.adapter(), self.processors.database()
        return Cost(loaded.rate, *((b - a) / loaded.requests * 1e6 for a, b in zip(before, after, strict=True)))

    def _requests(self, workload: Workload) -> Path:
        return self.directory / f"{workload.name}.requests"


def markdown(found: list[Compared]) -> str:
    """Return the Markdown for the page."""
    lines = [
        "| | under | with both | without | ratio | adapter's processor time | PostgreSQL's |",
        "|---|---|---:|---:|---:|---:|---:|",
        *(
            f"| {each.title} | {each.adapter} | {each.more.rate:,.0f}/s | {each.less.rate:,.0f}/s | {each.ratio:.2f}"
            f" | {each.more.adapter:,.0f}, {each.less.adapter:,.0f} µs"
            f" | {each.more.database:,.0f}, {each.less.database:,.0f} µs |"
            for each in found
        ),
    ]
    return "\n".join(lines) + (
        f"\n\nWith the history and a token, and without both: medians of {ROUNDS} rounds of {SECONDS} seconds in turn,"
        " 32 connections, two workers, PostgreSQL on the same cores, with fsync off.\n"
    )
