"""Run the contract tests of earlier commits against the service of today: `make old-contract`.

A client of the API goes on unchanged if the tests that described it then pass now. For each commit in expected.toml,
its code and tests are put into a temporary folder, and its tests/contract is run against new servers of both adapters
on new databases of both kinds. What anonymous clients may do is what they could do before there were accounts.
Each test that fails must be in the list, with the reason, and each test in the list must fail as it says.

The output of pytest is written to var/old-contract.

Exit status: 1 if the differences are others than the list has.
"""

from __future__ import annotations

import argparse
import io
import json
import re
import subprocess
import sys
import tarfile
import tempfile
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from diptych.core.access.permissions import SCOPES
from tests.support.databases import BACKENDS, DIPTYCH, ROOT, Databases, environment, run
from tests.support.deployments import ADAPTERS, deployment
from tests.support.postgresql import postgresql

HERE = Path(__file__).resolve().parent
LOGS = ROOT / "var" / "old-contract"

PYTEST = [
    # Warnings are no errors: newer releases of packages may warn.
    *(sys.executable, "-m", "pytest", "-W", "default", "-p", "plugin", "-p", "no:cacheprovider"),
    *("--quiet", "-o", "truncation_limit_lines=40", "-o", "truncation_limit_chars=4000"),
]


SHOWN = 300
"""Characters of an error that are printed: all of it is in the log."""


@dataclass(frozen=True)
class Difference:
    """A test that is expected to fail.

    test: such as "test_books.py::test_x[case]"; `*` is any text. shows: a part of the error, by which it is known that
    the test fails for this reason and for no other.
    """

    test: str
    shows: str
    reason: str

    def explains(self, test: str, error: str) -> bool:
        """Return whether this is why a test fails."""
        pattern = re.escape(self.test).replace(r"\*", ".*")
        return re.fullmatch(pattern, test) is not None and self.shows in error


def expected_differences(text: str) -> dict[str, list[Difference]]:
    """Return the list by commit. Errors: TypeError for an entry that lacks something."""
    return {
        commit: [Difference(**each) for each in entry["differences"]] for commit, entry in tomllib.loads(text).items()
    }


def compare(errors: Mapping[str, str | None], expected: Sequence[Difference]) -> Iterator[str]:
    """Yield a line for each difference that is not expected, and for each that is and has gone.

    errors: of each test, None where it passed.
    """
    failed = {test: error for test, error in errors.items() if error is not None}
    for test, error in failed.items():
        if not any(each.explains(test, error) for each in expected):
            yield f"differs: {test}: {' '.join(error.split())[:SHOWN]}"
    for each in expected:
        if not any(each.explains(test, error) for test, error in failed.items()):
            yield f"no longer differs, so take it from the list: {each.test} ({each.reason})"


def git(*arguments: str) -> subprocess.CompletedProcess[bytes]:
    """Run git in the repository. Errors: SystemExit without git."""
    try:
        return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, check=False)  # noqa: S607 - the user's
    except FileNotFoundError:
        raise SystemExit("git reads the contract of an earlier commit from the history: install it.") from None


def full_name(commit: str) -> str:
    """Return the full name of a commit. Errors: SystemExit where it is not in the history."""
    done = git("rev-parse", "--verify", "--quiet", f"{commit}^{{commit}}")
    if done.returncode:
        raise SystemExit(
            f"The history has no commit {commit}: a full clone is needed, not an archive or a shallow clone"
            " (`git fetch --unshallow`)."
        )
    return done.stdout.decode().strip()


def extract(commit: str, directory: Path) -> None:
    """Write the files of a commit into a directory."""
    archive = git("archive", "--format=tar", commit)
    archive.check_returncode()
    with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as files:
        files.extractall(directory, filter="data")


def administrator(database: str) -> str:
    """Create an administrator, and return a token with every scope, which newer contracts need."""
    run([*DIPTYCH, "accounts", "create", "contract", "--role", "administrator"], DATABASE_URL=database)
    made = run([*DIPTYCH, "tokens", "create", "contract", "--scope", " ".join(SCOPES)], DATABASE_URL=database)
    return made.stdout.strip()


def outcomes(old: Path, url: str, token: str, log: Path, select: Sequence[str]) -> dict[str, str | None]:
    """Run the tests in the directory `old` against the service at a URL; return the error of each, None if it passed.

    Errors: SystemExit, if they cannot be run.
    """
    with tempfile.TemporaryDirectory() as directory:
        found, document = Path(directory) / "outcomes", Path(directory) / "openapi.json"
        # `python -m` looks in the current directory first: this is the command of the old commit.
        document.write_text(run([*DIPTYCH, "openapi"], cwd=old, PYTHONPATH=str(old)).stdout, encoding="utf-8")
        options = [f"--old-document={document}", f"--outcomes={found}", f"--basetemp={directory}/pytest"]
        settings = {"PYTHONPATH": f"{old}:{HERE}", "CONTRACT_URL": url, "CONTRACT_TOKEN": token}
        # Where CI is set, pytest compares two OpenAPI documents to their ends, which takes minutes.
        settings |= {"CI": "", "BUILD_NUMBER": ""}
        with log.open("w", encoding="utf-8") as output:
            done = subprocess.run(
                [*PYTEST, *options, *select], cwd=old, env=environment(**settings),
                stdout=output, stderr=subprocess.STDOUT, timeout=3600, check=False,
            )  # fmt: skip
        if done.returncode not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
            raise SystemExit(f"The tests could not be run: {log} says why.")
        errors: dict[str, str | None] = {}
        for line in map(json.loads, found.read_text(encoding="utf-8").splitlines()):
            # A test may fail, and then a fixture at its end.
            errors[line["test"]] = errors.get(line["test"]) or line["error"]
        return errors


def run_everywhere(commit: str, expected: Sequence[Difference], select: Sequence[str], only: str | None) -> bool:
    """Run the contract of a commit on all deployments, and print what differs; return whether that is as expected."""
    as_expected = True
    with tempfile.TemporaryDirectory() as directory, postgresql(Path(directory) / "postgresql") as server:
        databases, old = Databases(server, Path(directory)), Path(directory) / "old"
        extract(commit, old)
        for host in [f"{adapter}-{backend}" for backend in BACKENDS for adapter in ADAPTERS]:
            if only not in (None, host):
                continue
            adapter, backend = host.split("-")
            database = databases.migrated(backend)
            with deployment(adapter, database) as url:
                log = LOGS / f"{commit[:7]}-{host}.txt"
                errors = outcomes(old, url, administrator(database), log, select)
            failed = sum(error is not None for error in errors.values())
            print(f"{host}: {len(errors)} tests, {failed} differ", flush=True)
            for line in compare(errors, expected):
                as_expected = False
                print(f"  {line}", flush=True)
    return as_expected


def main() -> int:
    """Run the contract of each commit of the list, or of one commit; return the exit status."""
    parser = argparse.ArgumentParser(prog="make old-contract")
    parser.add_argument("--commit", help="another commit, or one of the list (default: each of the list)")
    parser.add_argument("--only", help="one deployment, such as flask-sqlite")
    parser.add_argument("--select", nargs="+", default=["tests/contract"], help="arguments of pytest")
    options = parser.parse_args()
    listed = expected_differences((HERE / "expected.toml").read_text(encoding="utf-8"))
    expected = {full_name(commit): differences for commit, differences in listed.items()}
    commits = [full_name(options.commit)] if options.commit else list(expected)
    LOGS.mkdir(parents=True, exist_ok=True)
    as_expected = True
    for commit in commits:
        print(f"The contract of {git('show', '--no-patch', '--format=%h (%cs, %s)', commit).stdout.decode().strip()}")
        differences = expected.get(commit, [])
        as_expected &= run_everywhere(commit, differences, options.select, options.only)
        for each in differences:
            print(f"  expected: {each.test}: {each.reason}")
    print("The differences are those of the list." if as_expected else f"There are other differences: {LOGS}.")
    return not as_expected


if __name__ == "__main__":
    sys.exit(main())
