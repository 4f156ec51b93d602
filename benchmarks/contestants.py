"""Who takes part, and how each is started: as its own documentation says, with two workers."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from tests.support.databases import ROOT
from tests.support.deployments import command

WORKERS, THREADS = 2, 4

PEERS = ROOT / ".venv-bench" / "bin" / "python"
"""The peers' own environment: benchmarks/requirements.lock."""

Role = Literal["adapter", "floor", "peer"]
Kind = Literal["sync", "async"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Contestant:
    """One of those that are compared. command: of a port. packages: whose versions are told."""

    name: str
    title: str
    role: Role
    kind: Kind
    command: Callable[[int], list[str]]
    packages: tuple[str, ...]
    python: Path = Path(sys.executable)
    settings: dict[str, str] = field(default_factory=dict)


def _gunicorn(python: Path, application: str) -> Callable[[int], list[str]]:
    return lambda port: [
        *(str(python), "-m", "gunicorn"),
        *("--workers", str(WORKERS), "--worker-class", "gthread", "--threads", str(THREADS)),
        *("--bind", f"127.0.0.1:{port}", "--no-control-socket", application),
    ]


def _sanic(python: Path, application: str) -> Callable[[int], list[str]]:
    return lambda port: [
        *(str(python), "-m", "sanic", application),
        *("--host", "127.0.0.1", "--port", str(port), "--workers", str(WORKERS), "--no-access-logs"),
    ]


OURS = Path(sys.executable)

CONTESTANTS = (
    Contestant(
        name="flask",
        title="Diptych on Flask",
        role="adapter",
        kind="sync",
        command=lambda port: command("flask", port),
        packages=("flask", "gunicorn", "sqlalchemy", "advanced-alchemy", "psycopg"),
        settings={"DIPTYCH_WORKERS": str(WORKERS), "DIPTYCH_THREADS": str(THREADS)},
    ),
    Contestant(
        name="flask_floor",
        title="Flask, hand-written SQL",
        role="floor",
        kind="sync",
        command=_gunicorn(OURS, "benchmarks.floors.on_flask:app"),
        packages=("flask", "gunicorn", "psycopg", "psycopg-pool", "msgspec"),
    ),
    Contestant(
        name="sanic",
        title="Diptych on Sanic",
        role="adapter",
        kind="async",
        command=lambda port: [*command("sanic", port), "--workers", str(WORKERS)],
        packages=("sanic", "uvloop", "sqlalchemy", "advanced-alchemy", "psycopg"),
    ),
    Contestant(
        name="sanic_floor",
        title="Sanic, hand-written SQL",
        role="floor",
        kind="async",
        command=_sanic(OURS, "benchmarks.floors.on_sanic:app"),
        packages=("sanic", "uvloop", "psycopg", "psycopg-pool", "msgspec"),
    ),
)
"""Each adapter with its floor next to it: they are measured one right after the other."""
