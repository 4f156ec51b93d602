"""Compare two running deployments: `make test CONTRACT_URL=... CONTRACT_URL_B=...`.

Both have to serve the same catalogue. Messages that might write are sent only with CONTRACT_WRITES=1. Headers in
CONTRACT_ALLOW_HEADERS, separated by commas, are left out.

Where another server than ours reads the requests, because the catalogue is mounted in an application or behind a
proxy, the promise is that of docs/wire.md: what our own server would refuse is refused, or the connection is closed.
What an application answers by itself, to a path or a method that the catalogue does not have, is its own error.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.support import patient
from tests.support.wire import Answer, Exchange, Target, WireError, exchange
from tests.wire.allowed import NOT_SEEN, OF_THE_HOST
from tests.wire.case import CLOSE, HOST, Case, head
from tests.wire.conftest import IGNORED, URLS, WRITES
from tests.wire.differences import Difference, Report, differences
from tests.wire.table import CASES, Rows, ask, ids

SENT = sorted((case for case in CASES if case.safe or WRITES), key=lambda case: not case.safe)

PROBLEM = "application/problem+json"


@pytest.fixture(scope="module")
def foreign() -> bool:
    """Return whether another server than ours reads the requests of one of them; end the run where there is none."""
    servers = []
    for url in URLS:
        try:
            target = Target.of(url)
            (alive,) = exchange(target, head("GET", f"{target.prefix}/health/live", HOST, CLOSE), ("GET",)).answers
        except (ValueError, OSError, WireError) as error:
            pytest.exit(str(error), returncode=pytest.ExitCode.USAGE_ERROR)
        if alive.status != 200:
            pytest.exit(
                f"{url}/health/live is answered with {alive.status}: no catalogue is there",
                returncode=pytest.ExitCode.USAGE_ERROR,
            )
        servers.append(alive.header("server"))
    return servers != ["diptych", "diptych"]


@pytest.fixture(scope="module")
def rows(foreign: bool) -> Iterator[Rows]:  # noqa: ARG001, FBT001 - it has found that both are there
    with patient.Client(base_url=URLS[0]) as api:
        yield Rows.made(api) if WRITES else Rows.found(api)


@pytest.mark.parametrize("case", SENT, ids=ids(SENT))
def test_both_deployments_answer_alike(rows: Rows, foreign: bool, case: Case, contract_report: Report):  # noqa: FBT001 - a fixture
    if foreign and case.own:
        if not case.refused or case.name in NOT_SEEN:
            pytest.skip("another server reads the requests")
        found = [each for url in URLS for each in _taken(url, case, rows)]
    else:
        first, second = (ask(url, case, rows) for url in URLS)
        found = _of_the_catalogue(first, second) if foreign else differences(first, second, IGNORED)
    contract_report.add(case.name, found)
    if found:
        pytest.fail("; ".join(f"{each.kind} {each.detail}" for each in found), pytrace=False)


def _of_the_catalogue(first: Exchange, second: Exchange) -> list[Difference]:
    """Compare the catalogue's answers. An application may refuse by itself what the other leaves to the catalogue."""
    answers = (*first.answers, *second.answers)
    by_host = sum(map(_by_the_host, answers))
    if by_host == 2 or (by_host == 1 and len(answers) == 2 and all(400 <= each.status < 500 for each in answers)):
        return []
    return differences(replace(first, kept=False), replace(second, kept=False), {*IGNORED, *OF_THE_HOST})


def _by_the_host(answer: Answer) -> bool:
    """Return whether an error is not one of the catalogue's."""
    return answer.status >= 400 and answer.header("content-type") != PROBLEM


def _taken(url: str, case: Case, rows: Rows) -> Iterator[Difference]:
    """Yield the answers of a deployment that took what our own server refuses."""
    try:
        # The server may wait for more data: close the sending half.
        answers = ask(url, replace(case, half_close=True), rows).answers
    except WireError:
        return
    for answer in answers:
        if not 400 <= answer.status < 600:
            yield Difference("taken, not refused", f"{answer.status} by {url}")
