"""The command line within this process, and from an installed wheel."""

from __future__ import annotations

import sys
import sysconfig
import venv
from pathlib import Path

from click.testing import CliRunner, Result

from diptych.core.cli import Commands
from diptych.core.settings import Settings
from tests.support import secrets
from tests.support.databases import ROOT, run


def invoked(url: str, *arguments: str, stdin: str | bytes | None = None, **settings: str) -> Result:
    """Run `diptych ...` without a terminal. Errors: any exception that escapes it, which none should."""
    group = Commands(Settings(database_url=url, **settings))  # type: ignore[arg-type]
    result = CliRunner().invoke(group, arguments, input=stdin, catch_exceptions=False)
    secrets.check("a command's output", result.output)
    return result


def done(url: str, *arguments: str, stdin: str | bytes | None = None, **settings: str) -> str:
    """Run a command that must succeed, and return its output."""
    result = invoked(url, *arguments, stdin=stdin, **settings)
    assert result.exit_code == 0, result.output
    return result.stdout


def refused(url: str, *arguments: str, status: int = 1, stdin: str | bytes | None = None, **settings: str) -> str:
    """Run a command that must fail, and return its one line of error."""
    result = invoked(url, *arguments, stdin=stdin, **settings)
    assert result.exit_code == status, result.output
    *usage, line = result.stderr.splitlines()
    assert line.startswith("Error: ")
    assert status == 2 or not usage
    return line


def built(directory: Path, kind: str = "wheel", *, source: Path = ROOT) -> Path:
    """Build a "wheel" or an "sdist" of a tree into an empty directory, and return its path."""
    run([sys.executable, "-m", "hatchling", "build", "-t", kind, "-d", str(directory)], cwd=source)
    (found,) = directory.iterdir()
    return found


def environment_in(directory: Path) -> Path:
    """Create an environment with this one's packages but without the repository; return its `site-packages`."""
    venv.create(directory, symlinks=True)
    (site,) = (directory / "lib").glob("python*/site-packages")
    # Its own .pth files are not processed: a directory that a .pth file adds is not searched for more of them.
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib"), encoding="utf-8")
    return site


def pip(directory: Path, *arguments: str) -> None:
    """Run pip on an environment."""
    run([sys.executable, "-m", "pip", "--python", str(directory), "--disable-pip-version-check", *arguments])


def installed(directory: Path) -> Path:
    """Build the wheel and install it into a new environment without the repository; return its `bin`."""
    wheel = built(directory / "dist")
    environment_in(directory / "venv")
    pip(directory / "venv", "install", "--quiet", "--no-deps", "--no-index", str(wheel))
    return directory / "venv" / "bin"
