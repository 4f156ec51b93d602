"""Build the source distribution and the wheel into dist/, and try them: `make dist`.

The wheel is built from the source distribution. It is installed into a fresh environment by itself and with each extra,
with the versions of requirements.lock, and there the commands of docs/running.md run on SQLite.

Exit status: 1, with the output of what failed; else 0.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

from packaging.metadata import Metadata

ROOT = Path(__file__).resolve().parent.parent
DIST = ROOT / "dist"
BUILD = [sys.executable, "-m", "hatchling", "build", "-d", str(DIST)]

COMMANDS = ("diptych --version", "diptych --help", "diptych database upgrade", "diptych check-db-status")
"""What works in any installation."""

STARTS = {
    "": (),
    "flask": ("flask --app diptych.flask_app routes",),
    "gunicorn": (
        "flask --app diptych.flask_app database upgrade",
        "gunicorn --check-config -c python:diptych.flask_app.gunicorn_conf diptych.flask_app:create_app()",
    ),
    "sanic": ("python -c 'from diptych.sanic_app import create_app; create_app()'",),
    "oidc": ("python -c 'import diptych.core.oidc.verifier'",),
}
"""What an installation with an extra is for."""


def run(*command: str, cwd: Path = ROOT, **settings: str) -> None:
    """Run a command. Errors: SystemExit with its output when it fails."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "DIPTYCH_"))}
    done = subprocess.run(
        command,
        cwd=cwd,
        env=environment | settings,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"$ {shlex.join(command)}\n{done.stdout}")


def build() -> Path:
    """Build the source distribution, and the wheel from it; return the wheel."""
    shutil.rmtree(DIST, ignore_errors=True)
    run(*BUILD, "-t", "sdist")
    (source,) = DIST.iterdir()
    with tempfile.TemporaryDirectory() as directory:
        with tarfile.open(source) as archive:
            archive.extractall(directory, filter="data")
        (tree,) = Path(directory).iterdir()
        run(*BUILD, "-t", "wheel", cwd=tree)
    (wheel,) = DIST.glob("*.whl")
    return wheel


def check_metadata(wheel: Path) -> None:
    """Check the metadata of a wheel by the rules of packaging.python.org. Errors: ExceptionGroup with each fault."""
    with zipfile.ZipFile(wheel) as archive:
        (file,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        Metadata.from_email(archive.read(file), validate=True)


def try_installation(wheel: Path, extra: str, directory: Path) -> None:
    """Install a wheel with an extra into a new environment, and run its commands. Errors: SystemExit."""
    run(sys.executable, "-m", "venv", "--without-pip", str(directory / "venv"))
    binaries = directory / "venv" / "bin"
    install = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--python", str(binaries / "python")]
    run(*install, "--constraints", str(ROOT / "requirements.lock"), f"{wheel}[{extra}]" if extra else str(wheel))
    run(sys.executable, "-m", "uv", "pip", "check", "--quiet", "--python", str(binaries / "python"))
    settings = {"PATH": f"{binaries}:{os.environ['PATH']}", "DATABASE_URL": f"sqlite:///{directory}/books.db"}
    for command in (*COMMANDS, *STARTS[extra]):
        run(*shlex.split(command), cwd=directory, **settings)


def main() -> int:
    """Build and try; return the exit status."""
    wheel = build()
    check_metadata(wheel)
    for extra in STARTS:
        print(f"Trying {wheel.name}{f'[{extra}]' if extra else ''} ...", flush=True)
        with tempfile.TemporaryDirectory() as directory:
            try_installation(wheel, extra, Path(directory))
    print(*sorted(f"dist/{path.name}" for path in DIST.iterdir()), sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
