"""Attack both adapters, print the figures, and write them into docs/reliability.md."""

from __future__ import annotations

import os
import platform
import signal
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.attack import bodies, fuzzing, smuggling, starvation
from benchmarks.attack.result import Result, table
from tests.support.databases import ROOT
from tests.support.pages import write
from tests.support.postgresql import postgresql

COMMAND = "make attack"


def main() -> int:
    """Return 1 where an attack did what it is not to do."""
    results: list[Result] = []
    with tempfile.TemporaryDirectory() as directory, postgresql(Path(directory) / "files") as database:
        waited = list(starvation.attack(database))
        for attack in (bodies.attack, fuzzing.attack, smuggling.attack):
            for result in attack(database, Path(directory)):
                print(result, flush=True)
                results.append(result)
    machine = f"{platform.system()} on {os.cpu_count()} cores, which the clients use as well"
    made = f"{datetime.now(UTC):%Y-%m-%d}, {machine}, Python {platform.python_version()}."
    text = f"{starvation.markdown(waited)}\n{table(results)}\n{made}\n"
    print(f"\n{text}")
    if not starvation.SHORT:
        write(ROOT / "docs" / "reliability.md", COMMAND, text)
    faults = [*starvation.faults(waited), *(fault for result in results for fault in result.faults)]
    for fault in faults:
        print(fault, file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    # Turn SIGTERM into an exception, so that no server is left running.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    sys.exit(main())
