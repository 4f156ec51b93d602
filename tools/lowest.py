"""Test the service with the lowest versions that pyproject.toml permits: `make test-lowest`.

A fresh .venv-lowest gets the lowest permitted version of each package that pyproject.toml names for the service. What
these need themselves has the version of requirements.lock, or another one where they refuse that. The test tools have
the versions of requirements.lock, whatever they require of the service's packages: they must not raise those.

Warnings are no errors here, as older releases may warn of newer ones. The versions that are installed are listed in
var/lowest/.

Exit status: 1, with one line, when a lower bound cannot be installed; else pytest's.
"""

from __future__ import annotations

import argparse
import re
import shlex
import subprocess
import sys
from pathlib import Path

from packaging.utils import canonicalize_name
from packaging.version import Version

from tools.upgrades import locked_versions, permitted_versions

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENT = ROOT / ".venv-lowest"
LOGS = ROOT / "var" / "lowest"

TESTS = (
    "tests/contract tests/services tests/adapters/test_mounting.py tests/core/db tests/migrations/test_new_revision.py"
)

PYTHON = str(ENVIRONMENT / "bin" / "python")
UV = [sys.executable, "-m", "uv", "pip"]
PYTEST = [
    *(PYTHON, "-m", "pytest", "-W", "default", "-m", "not (long or unsampled or fault)"),
    *("--numprocesses=4", "--no-loadscope-reorder"),
]


def lower_bounds(pyproject: str) -> dict[str, Version]:
    """Return the lower bound of each package that a pyproject.toml names. Errors: SystemExit for one without."""
    bounds = {}
    limited = permitted_versions(pyproject)
    # An extra may include another one.
    limited.pop("diptych", None)
    for name, limits in limited.items():
        lowest = [Version(limit.version) for limit in limits if limit.operator == ">="]
        if not lowest:
            raise SystemExit(f"{name} has no lower bound in pyproject.toml: give it one, such as {name}>=1.0")
        bounds[canonicalize_name(name)] = max(lowest)
    return bounds


def without(lock: str, names: set[str]) -> str:
    """Return a lock file without the entries of some packages."""
    entries = re.split(r"^(?=\w)", lock, flags=re.MULTILINE)
    return "".join(entry for entry in entries if canonicalize_name(entry.partition("==")[0]) not in names)


def raised(bounds: dict[str, Version], resolved: dict[str, str]) -> list[str]:
    """Return a line for each package whose lower bound is not what is installed for it."""
    return [
        f"pyproject.toml permits {name} {bound}, but the lowest that can be installed is {resolved[name]}: raise it"
        for name, bound in bounds.items()
        if Version(resolved[name]) != bound
    ]


def uv(*arguments: str) -> None:
    """Run `uv pip`. Errors: SystemExit with what it prints."""
    done = subprocess.run([*UV, *arguments], cwd=ROOT, stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"uv pip {shlex.join(arguments)} failed:\n{done.stderr}")


def resolve(lock: str, bounds: dict[str, Version]) -> str:
    """Return the lowest versions as requirements. Errors: SystemExit where there is no solution."""
    file = LOGS / "requirements.txt"
    # uv keeps the versions that it finds in the file that it is to write.
    file.write_text(without(lock, set(bounds)), encoding="utf-8")
    options = ["--resolution=lowest-direct", "--all-extras", "--no-header", "--no-annotate", "--quiet"]
    uv("compile", *options, "--python", PYTHON, "--output-file", str(file), "pyproject.toml")
    return file.read_text(encoding="utf-8")


def install(lock: str, lowest: str) -> None:
    """Install the lowest versions, and the versions of a lock file of everything else. Errors: SystemExit."""
    tools = LOGS / "tools.txt"
    tools.write_text(without(lock, set(locked_versions(lowest))), encoding="utf-8")
    files = ["-r", str(LOGS / "requirements.txt"), "-r", str(tools)]
    uv("install", "--quiet", "--python", PYTHON, "--no-deps", *files)
    uv("install", "--quiet", "--python", PYTHON, "--no-deps", "--no-build-isolation", "--editable", ".")


def main() -> int:
    """Install the lowest versions, and test the service with them; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--select", default=TESTS, metavar="TESTS", help=f"pytest's arguments (default: {TESTS})")
    options = parser.parse_args()

    bounds = lower_bounds((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    LOGS.mkdir(parents=True, exist_ok=True)
    subprocess.run([sys.executable, "-m", "venv", "--clear", str(ENVIRONMENT)], check=True)
    lowest = resolve(lock, bounds)
    resolved = locked_versions(lowest)
    if lines := raised(bounds, resolved):
        raise SystemExit("\n".join(lines))
    install(lock, lowest)
    print("Testing", *(f"{name} {resolved[name]}" for name in bounds), flush=True)
    return subprocess.run([*PYTEST, *shlex.split(options.select)], cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
