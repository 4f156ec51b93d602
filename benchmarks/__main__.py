"""`make bench`: measure, tell, and write it down."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.checking import Wrong
from benchmarks.contestants import CONTESTANTS
from benchmarks.figures import Figures
from benchmarks.load import LoadError, program
from benchmarks.running import Plan, Run, RunError, database
from benchmarks.workloads import WORKLOADS
from tests.support.databases import ROOT
from tests.support.postgresql import postgresql

OUTPUT = ROOT / "var" / "bench"

WHOLE = {"BENCH_ROUNDS": 3, "BENCH_SECONDS": 4}
QUICK = {"BENCH_ROUNDS": 1, "BENCH_SECONDS": 1}


class UsageError(Exception):
    """A setting that means nothing; the text says what would."""


def plan(environ: Mapping[str, str]) -> Plan:
    """What is to be measured. Errors: UsageError."""
    defaults = {"quick": QUICK, "": WHOLE}.get(environ.get("BENCH", ""))
    if defaults is None:
        raise UsageError(f"BENCH={environ['BENCH']} means nothing; BENCH=quick is a short run")
    return Plan(
        contestants=_chosen(environ, "BENCH_ONLY", CONTESTANTS),
        workloads=_chosen(environ, "BENCH_WORKLOADS", WORKLOADS),
        rounds=_number(environ, "BENCH_ROUNDS", defaults["BENCH_ROUNDS"]),
        seconds=_number(environ, "BENCH_SECONDS", defaults["BENCH_SECONDS"]),
        warm_up=1,
        stock=_number(environ, "BENCH_STOCK", 6000),
    )


def _number(environ: Mapping[str, str], name: str, default: int) -> int:
    text = environ.get(name) or str(default)
    if not text.isdecimal() or not int(text):
        raise UsageError(f"{name} is a whole number from 1, not {text}")
    return int(text)


def _chosen(environ: Mapping[str, str], name: str, all_of_them: Sequence[Any]) -> list[Any]:
    known = {item.name: item for item in all_of_them}
    wanted = [part for part in environ.get(name, "").split(",") if part] or list(known)
    if strange := [part for part in wanted if part not in known]:
        raise UsageError(f"{name} has {', '.join(strange)}; there are {', '.join(known)}")
    return [item for item in all_of_them if item.name in wanted]


def bench() -> None:
    """Measure, tell, and write it down. Errors: UsageError, LoadError, RunError, Wrong."""
    wanted = plan(os.environ)
    program()
    OUTPUT.mkdir(parents=True, exist_ok=True)
    for log in OUTPUT.glob("*.log"):
        log.unlink()
    with (
        tempfile.TemporaryDirectory() as directory,
        postgresql(Path(directory) / "files") as server,
        database(server) as url,
    ):
        measurements = list(Run(wanted, url, OUTPUT, tell).measurements())
    figures = Figures(wanted.contestants, wanted.workloads, measurements)
    for head, table in (
        ("", figures.heads()),
        ("Requests a second", figures.rates()),
        ("p99, in milliseconds", figures.p99s()),
    ):
        tell(f"\n{head}\n\n{table}")


def tell(line: str) -> None:
    """Say it at once: a run is long."""
    print(line, flush=True)


def main() -> None:
    """The command."""
    try:
        bench()
    except (UsageError, LoadError, RunError, Wrong) as error:
        sys.exit(f"make bench: {error}")


if __name__ == "__main__":
    main()
