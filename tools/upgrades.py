"""Say which newer releases of the packages that matter most to the service are safe today: `make upgrades`.

The newest release of each package, and the newest that pyproject.toml permits where that is an older one, is installed
alone over the versions of requirements.lock, in a fresh .venv-upgrades. `pip check` and the tests then decide. Tests
that fail are run again with warnings no longer errors, which tells deprecations from failures. At the end the newest
safe releases are tested together. What pip and pytest print is in var/upgrades/.

Exit status: 1 when the tests fail with the locked versions, or with releases that pyproject.toml permits, which the
next `make lock` may choose; 0 otherwise, whatever becomes of releases beyond the limits in pyproject.toml.
"""

from __future__ import annotations

import argparse
import re
import shlex
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.version import Version

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENT = ROOT / ".venv-upgrades"
LOGS = ROOT / "var" / "upgrades"

PACKAGES = ("gunicorn", "sanic", "sqlalchemy", "psycopg[binary]", "advanced-alchemy", "uvloop")
TESTS = "tests/contract tests/wire tests/architecture/test_private_seams.py"

PYTHON = [str(ENVIRONMENT / "bin" / "python"), "-m"]
INSTALL = [*PYTHON, "pip", "install", "--quiet", "--disable-pip-version-check"]
PYTEST = [
    *PYTHON,
    "pytest",
    "-m",
    "not (long or fault)",
    "--maxfail=1",
    "--numprocesses=3",
    "--no-loadscope-reorder",
]

SAME, SAFE = "same as locked", "safe"


@dataclass(frozen=True)
class Upgrade:
    """A release to try. permitted: by pyproject.toml."""

    package: str
    locked: str
    version: str
    permitted: bool

    @property
    def requirement(self) -> str:
        """For pip."""
        return f"{self.package}=={self.version}"


def locked_versions(lock: str) -> dict[str, str]:
    """Return the version of each package in a lock file."""
    return dict(re.findall(r"^([\w.-]+)==([^\s;]+)", lock, re.MULTILINE))


def permitted_versions(pyproject: str) -> dict[str, SpecifierSet]:
    """Return the limits that a pyproject.toml sets for each package that it names."""
    project = tomllib.loads(pyproject)["project"]
    extras = project.get("optional-dependencies", {}).values()
    requirements = map(Requirement, [*project["dependencies"], *(each for extra in extras for each in extra)])
    return {requirement.name: requirement.specifier for requirement in requirements}


def newest(available: list[str], limits: SpecifierSet) -> list[str]:
    """Return the newest version within the limits, and the newest of all where that is another."""
    ordered = sorted(available, key=Version)
    within = [version for version in ordered if limits.contains(version, prereleases=True)]
    return list(dict.fromkeys([*within[-1:], *ordered[-1:]]))


def conflicts(checked: str) -> list[str]:
    """Return the complaints of `pip check`, without those about our own limits, which are in question here."""
    complaint = re.compile(r"(?!diptych )\S+ \S+ (has requirement|requires) ")
    return [line for line in checked.splitlines() if complaint.match(line)]


def first_failure(output: str) -> str:
    """Return the first failure that pytest or pip reports, or else the last line."""
    for pattern in (r"^(FAILED|ERROR)\b.*", r"^E  .*", r".*\S\s*\Z"):
        if found := re.search(pattern, output, re.MULTILINE):
            return " ".join(found[0].split())
    return "nothing was printed"


def table(results: list[tuple[Upgrade, str]]) -> str:
    """Return the results as a table, in aligned columns."""
    rows = [("package", "locked", "newest", "pyproject.toml", "result")]
    for upgrade, result in results:
        limits = "permits it" if upgrade.permitted else "forbids it"
        rows.append((upgrade.package, upgrade.locked, upgrade.version, limits, result))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)


def upgrades(package: str, *, pre: bool) -> list[Upgrade]:
    """Return the releases of a package to try."""
    name = Requirement(package).name
    locked = locked_versions((ROOT / "requirements.lock").read_text(encoding="utf-8"))[name]
    limits = permitted_versions((ROOT / "pyproject.toml").read_text(encoding="utf-8")).get(name, SpecifierSet())
    command = [sys.executable, "-m", "pip", "index", "versions", name, *(["--pre"] if pre else [])]
    printed = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
    available = re.findall(r"[^\s,]+", printed.partition("Available versions:")[2].partition("\n")[0])
    return [
        Upgrade(package, locked, version, limits.contains(version, prereleases=True))
        for version in newest(available, limits)
    ]


def run(command: list[str], log: TextIO) -> subprocess.CompletedProcess[str]:
    """Run a command, and write what it prints into a log."""
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    print(f"$ {shlex.join(command)}\n{done.stdout}", file=log, flush=True)
    return done


def install(requirements: list[str], log: TextIO) -> str | None:
    """Install the locked versions, and these instead of some of them. Return what fails."""
    steps = [
        [sys.executable, "-m", "venv", "--clear", str(ENVIRONMENT)],
        [*INSTALL, "--require-hashes", "-r", "requirements.lock"],
        [*INSTALL, "--no-deps", "--no-build-isolation", "--editable", "."],
        *([[*INSTALL, *requirements]] if requirements else []),
    ]
    for step in steps:
        if (done := run(step, log)).returncode:
            return first_failure(done.stdout)
    return next(iter(conflicts(run([*PYTHON, "pip", "check"], log).stdout)), None)


def outcome(requirements: list[str], tests: list[str]) -> str:
    """Install the locked versions, and these instead of some of them; return the tests' result."""
    name = " ".join(requirements) or "the locked versions"
    print(f"Testing {name} ...", flush=True)
    LOGS.mkdir(parents=True, exist_ok=True)
    with (LOGS / f"{name}.log").open("w", encoding="utf-8") as log:
        if failure := install(requirements, log):
            return f"not safe: {failure}"
        if (done := run([*PYTEST, *tests], log)).returncode == 0:
            return SAFE
        if (again := run([*PYTEST, "-W", "default", *tests], log)).returncode == 0:
            return f"safe but for warnings: {first_failure(done.stdout)}"
        return f"not safe: {first_failure(again.stdout)}"


def main() -> int:
    """Try every release; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "packages", nargs="*", default=PACKAGES, metavar="package", help="default: " + " ".join(PACKAGES)
    )
    parser.add_argument("--select", default=TESTS, metavar="TESTS", help=f"pytest's arguments (default: {TESTS})")
    parser.add_argument("--pre", action="store_true", help="try alphas, betas and release candidates too")
    options = parser.parse_args()
    tests = shlex.split(options.select)

    found = [upgrade for package in options.packages for upgrade in upgrades(package, pre=options.pre)]
    newer = [upgrade for upgrade in found if upgrade.version != upgrade.locked]
    if newer and (result := outcome([], tests)) != SAFE:
        sys.exit(f"The locked versions are {result}")
    results = {upgrade: outcome([upgrade.requirement], tests) for upgrade in newer}
    print(f"Tested with {options.select}:" if newer else "There are no newer releases.")
    print(table([(upgrade, results.get(upgrade, SAME)) for upgrade in found]))
    failed = [upgrade for upgrade, result in results.items() if result != SAFE]

    # Of two releases of a package the second is the newer one.
    safe = {upgrade.package: upgrade for upgrade, result in results.items() if result == SAFE}
    if len(safe) > 1:
        result = outcome([upgrade.requirement for upgrade in safe.values()], tests)
        print(f"The safe ones together: {result}")
        failed += [] if result == SAFE else safe.values()
    return 1 if any(upgrade.permitted for upgrade in failed) else 0


if __name__ == "__main__":
    sys.exit(main())
