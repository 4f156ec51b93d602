"""`make bench`: measure, print the figures, and write them into the docs."""

from __future__ import annotations

import os
import signal
import sys
import tempfile
from pathlib import Path

from benchmarks import catalogue
from benchmarks.catalogue import BusyError
from benchmarks.checking import Wrong
from benchmarks.load import LoadError, program
from benchmarks.plan import Plan, UsageError
from benchmarks.plot import svg
from benchmarks.report import Machine, Report, versions
from benchmarks.running import Run, RunError, database, settings
from tests.support.databases import ROOT
from tests.support.pages import write
from tests.support.postgresql import postgresql

COMMAND = "make bench"

OUTPUT, DOCS = ROOT / "var" / "bench", ROOT / "docs"

BUSY = 0.5
"""Load average above which other processes would disturb the measurements."""


def bench() -> None:
    """Measure, print and write the figures. Errors: UsageError, LoadError, RunError, BusyError, Wrong."""
    plan, machine = Plan.of(os.environ), Machine.this()
    program()
    packages = versions(plan.contestants)
    if machine.load > BUSY:
        tell(f"This machine is busy (load {machine.load}): the figures will not be reliable.")
    OUTPUT.mkdir(parents=True, exist_ok=True)
    for log in OUTPUT.glob("*.log"):
        log.unlink()
    with (
        tempfile.TemporaryDirectory() as directory,
        postgresql(Path(directory) / "files") as server,
        database(server) as url,
    ):
        configured = settings(url)
        measurements = list(Run(plan, catalogue.make(), url, OUTPUT, tell).measurements())
    report = Report(plan=plan, machine=machine, versions=packages, postgresql=configured, measurements=measurements)
    tell(f"\n{report.markdown()}")
    save(report, OUTPUT)
    tell(f"{OUTPUT.relative_to(ROOT)} has the same as JSON and as a picture, and everybody's log.")
    if void := sum(bool(one.fault) for one in measurements):
        raise RunError(f"{void} measurements are void, as said above; no page is changed")
    if plan.whole:
        save(report, DOCS)
        write(DOCS / "performance.md", COMMAND, report.markdown())
        write(ROOT / "README.md", COMMAND, report.figures.heads())
        tell("docs/performance.md and README.md have the figures.")


def save(report: Report, directory: Path) -> None:
    """Write the report as JSON and as a picture."""
    (directory / "performance.json").write_bytes(report.json())
    (directory / "performance.svg").write_text(svg(report.figures), "utf-8")


def tell(line: str) -> None:
    """Print a line without buffering, because a run is long."""
    print(line, flush=True)


def main() -> None:
    """Run the command."""
    # Turn SIGTERM into an exception, so that no server is left running.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        bench()
    except (UsageError, LoadError, RunError, BusyError, Wrong) as error:
        sys.exit(f"{COMMAND}: {error}")
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
