"""`make bench-profile`: the processor time of a worker by module, for an adapter and its floor.

py-spy samples one worker under the load of `make bench`, and each sample counts for the running module. The samples
are scaled to the processor time of all workers for a request.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil

from benchmarks import catalogue as rows
from benchmarks.catalogue import BusyError, Catalogue
from benchmarks.contestants import PEERS
from benchmarks.load import LoadError, load, program, write
from benchmarks.plan import Plan, UsageError
from benchmarks.report import Machine
from benchmarks.running import Run, RunError, database, started
from benchmarks.workloads import Workload
from tests.support import pages
from tests.support.databases import ROOT
from tests.support.postgresql import postgresql

COMMAND = "make bench-profile"

CONTESTANTS = ("flask", "flask_floor", "sanic", "sanic_floor")
WORKLOADS = ("get_author", "filter", "search", "patch", "create", "batch")

RATE = 400
"""Samples a second."""

LEAST = 1.0
"""Microseconds of a request that a row must have in some column; smaller rows are merged."""

PLACES = {
    "core: HTTP": ("diptych/core/http", "diptych/core/engine/schemas"),
    "core: log and metrics": ("diptych/core/observability", "logging"),
    "core: operations, units of work, statements": ("diptych/core",),
    "adapter or floor": ("diptych/flask_app", "diptych/sanic_app", "benchmarks"),
    "SQLAlchemy": ("sqlalchemy",),
    "psycopg_pool": ("psycopg_pool",),
    "psycopg": ("psycopg", "psycopg_binary"),
    "Flask, Werkzeug, gunicorn": ("flask", "werkzeug", "gunicorn", "blinker"),
    "Sanic": ("sanic", "sanic_routing"),
    "pydantic": ("pydantic",),
}
"""Row of the table -> path prefixes of its modules; the first match counts."""

OTHERS = "Python's standard library"


@dataclass(frozen=True, slots=True)
class Profile:
    """Microseconds of a request, in total and by row."""

    total: float
    places: Mapping[str, float]


def place(frame: str) -> str:
    """Return the row of a frame as py-spy writes it, "function (path:line)"."""
    path = frame.rpartition(" (")[2].partition(":")[0].rstrip(")")
    if "/" not in path and not path.endswith(".py"):
        # Sanic recompiles some of its own functions under their old names.
        return "Sanic" if path and path[0].isalpha() else OTHERS
    for name, prefixes in PLACES.items():
        if path.startswith(tuple(f"{prefix}/" for prefix in prefixes)):
            return name
    return OTHERS


def places(stacks: str) -> Counter[str]:
    """Count samples by row, from py-spy's output: a line for each stack, with its count."""
    found: Counter[str] = Counter()
    for line in stacks.splitlines():
        stack, _, count = line.rpartition(" ")
        found[place(stack.rpartition(";")[2])] += int(count)
    return found


class Profiler(Run):
    """A run that profiles every contestant once at each workload."""

    def profiles(self, workload: Workload) -> Iterator[Profile]:
        """Yield a profile for each contestant. Errors: as measurements, RunError where py-spy fails."""
        if workload.conditional or workload.deletes:
            raise RunError(f"{workload.title} needs what is measured before it: choose another with BENCH_WORKLOADS")
        requests = self._requests(workload)
        write(requests, self._load(workload), {})
        for contestant in self.plan.contestants:
            self.tell(f"{workload.title}: {contestant.title}")
            rows.fill(self.url, self.catalogue)
            with started(contestant, self.url, self.directory) as address:
                port = int(address.rpartition(":")[2])
                idle = {each: _seconds([each]) for each in _listening(port)}
                load(address, requests, self.plan.warm_up)
                # The last of the workers may have started only now.
                workers = sorted(_listening(port), key=lambda each: idle.get(each, 0.0) - _seconds([each]))
                skip = self.plan.prepared(workload, self.plan.warm_up) * workload.once
                yield self._profile(workers, address, requests, skip)

    def _profile(self, workers: list[psutil.Process], address: str, requests: Path, skip: int) -> Profile:
        """Profile the first of the workers, and count the processor time of all."""
        seconds = self.plan.seconds
        output = self.directory / "stacks"
        command = [str(Path(PEERS).with_name("py-spy")), "record", "--pid", str(workers[0].pid)]
        command += ["--rate", str(RATE), "--duration", str(seconds), "--gil", "--nonblocking"]
        before = _seconds(workers)
        looking = subprocess.Popen(  # noqa: S603 - our own command
            [*command, "--format", "raw", "--output", str(output)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )
        loaded = load(address, requests, seconds, skip)
        _, said = looking.communicate()
        if looking.returncode:
            raise RunError(f"py-spy cannot look: {said.decode().strip()}")
        if loaded.refused or loaded.unanswered:
            raise RunError(f"{loaded.refused} refused, {loaded.unanswered} not answered, of {loaded.requests}")
        total = (_seconds(workers) - before) / loaded.requests * 1e6
        found = places(output.read_text("utf-8"))
        return Profile(total, {name: total * count / found.total() for name, count in found.items()})


def _listening(port: int) -> list[psutil.Process]:
    """Return the processes of a service: workers and supervisors."""
    return [
        each
        for each in psutil.Process().children(recursive=True)
        if any(one.laddr and one.laddr.port == port for one in each.net_connections("tcp"))
    ]


def _seconds(processes: list[psutil.Process]) -> float:
    return sum(float(each.cpu_times().user + each.cpu_times().system) for each in processes)


def markdown(plan: Plan, found: Mapping[str, list[Profile]]) -> str:
    """Return the Markdown for the page: a table for each workload."""
    parts = []
    for workload in plan.workloads:
        profiles = found[workload.name]
        lines = [["", *(each.title for each in plan.contestants)], ["---", *("---:" for _ in plan.contestants)]]
        for name in [*PLACES, OTHERS]:
            values = [each.places.get(name, 0.0) for each in profiles]
            if max(values) >= LEAST:
                lines.append([name, *(f"{value:.0f}" if value >= LEAST else "" for value in values)])
        lines.append(["total", *(f"{each.total:.0f}" for each in profiles)])
        parts += [f"{workload.title}:\n", *(f"| {' | '.join(line)} |" for line in lines), ""]
    return "\n".join(parts)


def main() -> None:
    """Profile, print and write the figures."""
    environ = {"BENCH_ONLY": ",".join(CONTESTANTS), "BENCH_WORKLOADS": ",".join(WORKLOADS), **os.environ}
    try:
        plan = Plan.of({"BENCH_SECONDS": "8", **environ})
        program()
        with tempfile.TemporaryDirectory() as name, postgresql(Path(name) / "files") as server, database(server) as url:
            catalogue: Catalogue = rows.make()
            profiler = Profiler(plan, catalogue, url, Path(name), lambda line: print(line, flush=True))
            found = {workload.name: list(profiler.profiles(workload)) for workload in plan.workloads}
    except (UsageError, LoadError, RunError, BusyError) as error:
        sys.exit(f"{COMMAND}: {error}")
    machine = Machine.this()
    text = (
        markdown(plan, found) + f"\nMicroseconds of a worker's processor time for one request. {machine.processor}.\n"
    )
    print(f"\n{text}")
    if not any(name.startswith("BENCH") for name in os.environ):
        pages.write(ROOT / "docs" / "performance.md", COMMAND, text)


if __name__ == "__main__":
    main()
