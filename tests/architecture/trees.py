"""Copies of the source tree, to change and to run."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

from tests.support.databases import ROOT, run

PACKAGES = ("core", "flask_app", "sanic_app", "migrations")
PARTS = (*PACKAGES, "diptych", "tools", "pyproject.toml", "README.md")

LINT_IMPORTS = str(Path(sys.executable).with_name("lint-imports"))

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def copy_tree(target: Path) -> Path:
    """Copy the parts of the service, and return the copy's path."""
    target.mkdir()
    for part in PARTS:
        source = ROOT / part
        if source.is_dir():
            # Including compiled files: compiling again takes longer than most tests that run the copy.
            shutil.copytree(source, target / part, symlinks=True)
        else:
            shutil.copy2(source, target / part)
    return target


def run_in(
    tree: Path, *command: str, check: bool = True, stdin: str | None = None, **settings: str
) -> subprocess.CompletedProcess[str]:
    """Run a command in a tree, importing the tree's packages."""
    return run(list(command), cwd=tree, check=check, stdin=stdin, PYTHONPATH=str(tree), **settings)


def edit(path: Path, old: str, new: str) -> None:
    """Replace the single occurrence of `old`."""
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{old!r} is {text.count(old)} times in {path}"
    path.write_text(text.replace(old, new), encoding="utf-8")


def prepend(path: Path, line: str) -> None:
    """Insert a line after a module's docstring and `from __future__`, where imports stand."""
    text = path.read_text(encoding="utf-8")
    head, marker, rest = text.partition("from __future__ import annotations\n")
    path.write_text(f"{head}{marker}{line}\n{rest}" if marker else f"{text}\n{line}\n", encoding="utf-8")


def uncoloured(text: str) -> str:
    """Remove the terminal colours from a text."""
    return _COLOUR.sub("", text)


def contents(directory: Path) -> dict[str, bytes]:
    """Return every source file under a directory."""
    return {
        path.relative_to(directory).as_posix(): path.read_bytes()
        for path in sorted(directory.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }
