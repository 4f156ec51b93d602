"""Load a contestant with wrk."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec

from benchmarks.workloads import Case

THREADS, CONNECTIONS = 2, 32

SCRIPT = Path(__file__).with_name("load.lua")


class LoadError(Exception):
    """wrk cannot be run; the text says what to do."""


class Loaded(msgspec.Struct, frozen=True, kw_only=True):
    """wrk's results. p50, p99: microseconds. refused: responses of 400 and above. unanswered: requests."""

    requests: int
    microseconds: int
    p50: int
    p99: int
    bytes: int
    refused: int
    unanswered: int

    @property
    def rate(self) -> float:
        """Requests a second."""
        return self.requests / (self.microseconds / 1_000_000)


def program() -> str:
    """Return the path of wrk. Errors: LoadError."""
    found = shutil.which("wrk")
    if found is None:
        raise LoadError("there is no wrk on this machine, which makes the load (Debian: apt-get install wrk)")
    return found


def write(path: Path, cases: Iterable[Case], tags: Mapping[str, str]) -> None:
    """Write the requests for wrk. tags: path -> the entity tag to send with it."""
    with path.open("wb") as file:
        for case in cases:
            head = f"{case.method}\t{case.path}\t{tags.get(case.path, '')}\t"
            file.write(head.encode() + case.content + b"\n")


def load(url: str, requests: Path, seconds: int, skip: int = 0, token: str = "") -> Loaded:
    """Send the requests of a file for some seconds, skipping the first `skip`. token: to send. Errors: LoadError."""
    command = [
        program(),
        *("--threads", str(THREADS)),
        *("--connections", str(CONNECTIONS)),
        *("--duration", f"{seconds}s"),
        *("--timeout", "10s"),
        *("--script", str(SCRIPT)),
        *(("--header", f"Authorization: Bearer {token}") if token else ()),
        *(url, "--", str(requests), str(skip)),
    ]
    done = subprocess.run(  # noqa: S603 - our own command
        command, env={**os.environ, "LOAD_THREADS": str(THREADS)}, capture_output=True, text=True, check=False
    )
    lines = done.stdout.splitlines()
    if done.returncode or not lines:
        raise LoadError(f"wrk ended with {done.returncode}: {done.stderr or done.stdout}")
    return msgspec.json.decode(lines[-1], type=Loaded)
