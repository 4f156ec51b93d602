"""`make test CONTRACT_URL=... CONTRACT_URL_B=...`, on two equal deployments, and on two different ones."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.contract.making import LIMIT
from tests.support.databases import Databases, run
from tests.support.deployments import ADAPTERS, deployment
from tests.support.hosts import Hosts, mounted
from tests.wire.table import CASES, Pair, fingerprint

pytestmark = pytest.mark.long

NOT_SENT = re.compile(r"(\d+) cases that may write were not sent: CONTRACT_WRITES=1 sends them\.")


def compare(first: str, second: str, select: str = "", **settings: str) -> subprocess.CompletedProcess[str]:
    settings |= {"CONTRACT_URL": first, "CONTRACT_URL_B": second, "PYTEST_ADDOPTS": f"-q -p no:cacheprovider {select}"}
    command = ["make", "test", *(f"{name}={value}" for name, value in settings.items())]
    return run(command, check=False)


def passed(done: subprocess.CompletedProcess[str]) -> int:
    """Return how many cases were sent and compared equal."""
    assert done.returncode == 0, done.stdout + done.stderr
    found = re.search(r"^(\d+) passed(?:, \d+ (?:skipped|deselected))* in", done.stdout, re.MULTILINE)
    assert found is not None, done.stdout
    return int(found[1])


@pytest.fixture(scope="module")
def pair(hosts: Hosts) -> Pair:
    return Pair.of(*(hosts.url(f"{adapter}-sqlite") for adapter in ADAPTERS))


@pytest.mark.unsampled
def test_two_that_are_alike_are_read_and_not_written_to(pair: Pair):
    before = fingerprint(pair)

    done = compare(pair.flask, pair.sanic)

    left_out = NOT_SENT.search(done.stdout)
    assert left_out is not None
    assert passed(done) == len(CASES) - int(left_out[1])
    assert fingerprint(pair) == before


@pytest.mark.unsampled
def test_two_that_are_alike_are_written_to_when_that_is_asked_for(pair: Pair):
    before = fingerprint(pair)

    done = compare(pair.flask, pair.sanic, "-k create", CONTRACT_WRITES="1")

    assert passed(done) >= 5
    assert NOT_SENT.search(done.stdout) is None
    assert fingerprint(pair) != before


@pytest.mark.unsampled
def test_a_difference_is_found(pair: Pair, databases: Databases):
    with deployment("sanic", databases.migrated("sqlite"), DIPTYCH_MAX_BODY_BYTES="1024") as other:
        done = compare(pair.flask, other, "-k limit")

    assert done.returncode == 2
    assert re.search(r"^[1-9]\d* failed", done.stdout, re.MULTILINE)


@pytest.mark.unsampled
def test_deployments_under_a_prefix_can_be_compared(mounted_pair: Pair):
    assert passed(compare(mounted_pair.sanic, mounted_pair.sanic, "-k tags")) >= 5


@pytest.fixture(scope="module")
def teams(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """Yield the catalogue in two applications with a session, and with headers of their own."""
    with mounted(databases.migrated("sqlite"), tmp_path_factory.mktemp("teams"), LIMIT, kind="team") as urls:
        Pair.of(*(f"{urls[adapter]}/api/v1" for adapter in ADAPTERS))
        yield urls["flask"] + "/api/v1", urls["sanic"] + "/api/v1"


ADDED = "access-control-allow-origin,set-cookie,vary,x-powered-by"


def compared(urls: tuple[str, str], *options: str, **settings: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/wire/test_two_deployments.py"]
    return run([*command, *options], check=False, CONTRACT_URL=urls[0], CONTRACT_URL_B=urls[1], **settings)


def test_headers_that_applications_add_are_listed_and_can_be_allowed(teams: tuple[str, str]):
    done = compared(teams, "-k", "tags")

    assert done.returncode == 1
    *lines, advice = re.findall(r"^(?:\d+ x .*|Headers that .*)$", done.stdout, re.MULTILINE)
    assert advice.endswith(f"CONTRACT_ALLOW_HEADERS={ADDED}")
    kinds = [re.sub(r"^\d+ x |, first in .*", "", line) for line in lines]
    assert kinds == [f"header {name}" for name in ADDED.split(",")]
    assert "absent / 'the team'" in lines[-1]


@pytest.mark.unsampled
def test_two_applications_that_add_headers_are_alike_when_these_are_allowed(teams: tuple[str, str]):
    done = compared(teams, CONTRACT_ALLOW_HEADERS=ADDED.replace(",", ", ").title())

    assert passed(done) > 500
    assert f"Headers left out: {ADDED.replace(',', ', ')}." in done.stdout


@pytest.mark.unsampled
def test_an_address_without_a_catalogue_is_said(pair: Pair):
    done = compared((pair.flask, f"{pair.sanic}/nowhere"))

    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert f"{pair.sanic}/nowhere/health/live is answered with 404: no catalogue is there" in done.stdout


@pytest.mark.unsampled
def test_what_cannot_be_compared_is_said(pair: Pair):
    done = compare(pair.flask, "https://catalogue.test")
    assert done.returncode == 2
    assert "https://catalogue.test is no http://host:port/prefix (https is not supported)" in done.stdout

    alone = run(["make", "test", f"CONTRACT_URL_B={pair.flask}"], check=False)
    assert alone.returncode == 2
    assert "CONTRACT_URL_B is compared with CONTRACT_URL: set both" in alone.stderr
