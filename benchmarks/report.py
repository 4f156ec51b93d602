"""The report of a run: its conditions, and its figures as JSON and Markdown."""

from __future__ import annotations

import datetime as dt
import os
import platform
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from benchmarks.contestants import Contestant
from benchmarks.figures import Figures
from benchmarks.load import CONNECTIONS, THREADS
from benchmarks.plan import Plan
from benchmarks.running import Measured, RunError

_VERSIONS = "import sys; from importlib.metadata import version; print(*(version(name) for name in sys.argv[1:]))"


class Machine(msgspec.Struct, frozen=True, kw_only=True):
    """The machine of a run. load: the load average of the minute before."""

    system: str
    processor: str
    cores: int | None
    memory_gib: int
    python: str
    load: float

    @classmethod
    def this(cls) -> Machine:
        """Describe this machine."""
        return cls(
            system=f"{platform.system()} {platform.release()}",
            processor=_field("/proc/cpuinfo", "model name") or platform.machine(),
            cores=os.cpu_count(),
            memory_gib=round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30),
            python=platform.python_version(),
            load=round(os.getloadavg()[0], 2),
        )


def _field(file: str, name: str) -> str:
    """Return the first value with this name in a file under /proc; empty where there is none."""
    path = Path(file)
    lines = path.read_text("utf-8").splitlines() if path.exists() else []
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(name)), "")


Versions = Mapping[str, Mapping[str, str]]
"""A contestant's name -> package -> its version."""


def versions(contestants: Sequence[Contestant]) -> Versions:
    """Return the package versions of each contestant. Errors: RunError where a package is missing."""
    found: dict[str, Mapping[str, str]] = {}
    for each in contestants:
        if not Path(each.python).exists():
            raise RunError(f"there is no {each.python}: make {Path(each.python).parent.parent.name}/installed")
        command = [each.python, "-c", _VERSIONS, *each.packages]
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own command
        if done.returncode:
            raise RunError(f"{each.title} is not installed here: {done.stderr.splitlines()[-1]}")
        found[each.name] = dict(zip(each.packages, done.stdout.split(), strict=True))
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The measurements with their conditions. postgresql: its settings."""

    plan: Plan
    machine: Machine
    versions: Versions
    postgresql: Mapping[str, str]
    measurements: Sequence[Measured]

    @property
    def figures(self) -> Figures:
        """The figures of the run."""
        return Figures(self.plan.contestants, self.plan.workloads, self.measurements)

    def markdown(self) -> str:
        """Return all figures and their conditions as Markdown."""
        figures = self.figures
        parts = (
            figures.heads(),
            "Requests a second:\n",
            figures.rates(),
            "The 99th percentile of latency, in milliseconds:\n",
            figures.p99s(),
            self._circumstances(figures.spread()),
        )
        return "\n".join(parts)

    def _circumstances(self, spread: float) -> str:
        plan, machine, postgresql = self.plan, self.machine, self.postgresql
        packages = {name: version for each in self.versions.values() for name, version in each.items()}
        return (
            f"{dt.datetime.now(dt.UTC):%Y-%m-%d}: {machine.processor}, {machine.cores} cores, "
            f"{machine.memory_gib} GiB, {machine.system}, load average {machine.load} before the run. "
            f"PostgreSQL {postgresql['server_version']}, fsync {postgresql['fsync']}, "
            f"synchronous_commit {postgresql['synchronous_commit']}. {CONNECTIONS} connections; "
            f"medians of {plan.rounds} rounds of {plan.seconds} seconds, with a median variation of {spread:.0%} "
            f"between rounds. Python {machine.python}, "
            f"{', '.join(f'{name} {packages[name]}' for name in sorted(packages))}.\n"
        )

    def json(self) -> bytes:
        """Return everything as JSON."""
        plan, figures = self.plan, self.figures
        found: dict[str, Any] = {
            "date": f"{dt.datetime.now(dt.UTC):%Y-%m-%d}",
            "machine": self.machine,
            "postgresql": self.postgresql,
            "load": {
                "rounds": plan.rounds,
                "seconds": plan.seconds,
                "warm_up": plan.warm_up,
                "connections": CONNECTIONS,
                "threads": THREADS,
            },
            "contestants": [
                {
                    "name": each.name,
                    "title": each.title,
                    "role": each.role,
                    "kind": each.kind,
                    "command": " ".join(each.command(8000)[1:]),
                    "versions": self.versions[each.name],
                }
                for each in plan.contestants
            ],
            "figures": [
                {
                    "contestant": each.name,
                    "workload": workload.title,
                    "median": figures.of(each, workload),
                    "share_of_floor": figures.share(each, workload),
                    "times_best_peer": figures.lead(each, workload),
                    "rounds": [
                        {"rate": round(one.loaded.rate, 1), **msgspec.structs.asdict(one.loaded), "fault": one.fault}
                        for one in self.measurements
                        if (one.contestant, one.workload) == (each.name, workload.name)
                    ],
                }
                for each in plan.contestants
                for workload in plan.workloads
            ],
        }
        return msgspec.json.format(msgspec.json.encode(found), indent=1) + b"\n"
