"""Processes for tests, forked from one that has imported the service, so that a start costs no imports."""

from __future__ import annotations

import multiprocessing
import os
import select
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Self

from diptych.core.cli import main
from tests.support.databases import environment
from tests.support.waiting import PATIENCE

# Not "fork": a process of pytest has threads, and connections to databases.
FORKS: Any = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(
    ["pytest", "tests.support.forked", "tests.cli.killed_export", "tests.support.tagging", "tests.wire.test_stopping"]
)


class Forked:
    """A process that calls a function. output: a file for its output, or a terminal, which is its input too."""

    def __init__(self, called: Callable[..., object], *arguments: object, output: Path, **settings: str) -> None:
        self._output = output
        self._process = FORKS.Process(
            target=_begin, args=(called, arguments, str(output), environment(**settings)), daemon=True
        )
        self._process.start()
        self.pid: int = self._process.pid
        self.sentinel: int = self._process.sentinel

    def send_signal(self, number: int) -> None:
        os.kill(self.pid, number)

    def kill(self) -> None:
        """Kill it, unless it has ended."""
        self._process.kill()

    def wait(self) -> int:
        """Wait until it ends; return its status, as `subprocess` does."""
        self._process.join(PATIENCE)
        assert self._process.exitcode is not None, "it does not end"
        return int(self._process.exitcode)

    def ended(self) -> tuple[int, str]:
        """Wait until it ends; return its status and its output."""
        return self.wait(), self._output.read_text("utf-8")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.wait()


def on_a_terminal(url: str, *arguments: str, answers: str = "") -> tuple[int, str]:
    """Run `diptych ...` on a terminal where `answers` are typed; return its exit status and all output."""
    ours, theirs = os.openpty()
    try:
        os.write(ours, answers.encode())
        terminal = Path(os.ttyname(theirs))
        process = Forked(main, arguments, output=terminal, DATABASE_URL=url, TERM="xterm")
        seen = b""
        while ours in (ready := select.select([ours, process.sentinel], [], [], PATIENCE)[0]):
            seen += os.read(ours, 4096)
        assert ready, "it does not end"
        return process.wait(), seen.decode()
    finally:
        os.close(ours)
        os.close(theirs)


def _begin(called: Callable[..., object], arguments: Sequence[object], output: str, environ: dict[str, str]) -> None:
    file = os.open(output, os.O_RDWR | os.O_CREAT | os.O_NOCTTY, 0o600)
    # multiprocessing opens /dev/null as sys.stdin, with another descriptor than 0.
    for number in (1, 2, *([sys.stdin.fileno()] if os.isatty(file) else [])):
        os.dup2(file, number)
    os.environ.clear()
    os.environ.update(environ)
    called(*arguments)
