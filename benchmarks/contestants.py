"""The contestants, and how each is started: as its own documentation says, with two workers."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from tests.support.databases import ROOT
from tests.support.deployments import command

WORKERS, THREADS = 2, 4

OURS, PEERS = sys.executable, str(ROOT / ".venv-bench" / "bin" / "python")
"""The Python of the service's environment, and of the peers': benchmarks/requirements.lock."""

Role = Literal["adapter", "floor", "peer"]
Kind = Literal["sync", "async"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Contestant:
    """One contestant. command: builds its command line for a port. packages: the report lists their versions."""

    name: str
    title: str
    role: Role
    kind: Kind
    command: Callable[[int], list[str]]
    packages: tuple[str, ...]
    settings: dict[str, str] = field(default_factory=dict)

    @property
    def python(self) -> str:
        """The Python that runs it."""
        return PEERS if self.role == "peer" else OURS


def _gunicorn(python: str, application: str) -> Callable[[int], list[str]]:
    return lambda port: [
        *(python, "-m", "gunicorn"),
        *("--workers", str(WORKERS), "--worker-class", "gthread", "--threads", str(THREADS)),
        *("--bind", f"127.0.0.1:{port}", "--no-control-socket", application),
    ]


def _uvicorn(application: str) -> Callable[[int], list[str]]:
    return lambda port: [
        *(PEERS, "-m", "uvicorn", application),
        *("--host", "127.0.0.1", "--port", str(port), "--workers", str(WORKERS), "--no-access-log"),
    ]


def _granian(application: str) -> Callable[[int], list[str]]:
    return lambda port: [
        *(PEERS, "-m", "granian", "--interface", "asgi", application),
        *("--host", "127.0.0.1", "--port", str(port), "--workers", str(WORKERS), "--loop", "uvloop"),
    ]


def _sanic(python: str, application: str) -> Callable[[int], list[str]]:
    return lambda port: [
        *(python, "-m", "sanic", application),
        *("--host", "127.0.0.1", "--port", str(port), "--workers", str(WORKERS), "--no-access-logs"),
    ]


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
    Contestant(
        name="flask_alchemy",
        title="Flask, advanced-alchemy",
        role="peer",
        kind="sync",
        command=_gunicorn(PEERS, "benchmarks.peers.on_flask:app"),
        packages=("flask", "gunicorn", "advanced-alchemy", "pydantic", "psycopg"),
    ),
    Contestant(
        name="drf",
        title="Django REST Framework",
        role="peer",
        kind="sync",
        command=_gunicorn(PEERS, "benchmarks.peers.drf.wsgi:application"),
        packages=("django", "djangorestframework", "django-filter", "gunicorn", "psycopg"),
    ),
    Contestant(
        name="litestar_granian",
        title="Litestar, advanced-alchemy, granian",
        role="peer",
        kind="async",
        command=_granian("benchmarks.peers.on_litestar:app"),
        packages=("litestar", "granian", "uvloop", "advanced-alchemy", "pydantic", "asyncpg"),
    ),
    Contestant(
        name="litestar_uvicorn",
        title="Litestar, advanced-alchemy, uvicorn",
        role="peer",
        kind="async",
        command=_uvicorn("benchmarks.peers.on_litestar:app"),
        packages=("litestar", "uvicorn", "uvloop", "httptools", "advanced-alchemy", "pydantic", "asyncpg"),
    ),
    Contestant(
        name="fastapi",
        title="FastAPI, advanced-alchemy, uvicorn",
        role="peer",
        kind="async",
        command=_uvicorn("benchmarks.peers.on_fastapi:app"),
        packages=("fastapi", "uvicorn", "uvloop", "httptools", "advanced-alchemy", "pydantic", "asyncpg"),
    ),
)
"""Each adapter next to its floor, so that they are measured right after each other."""
