"""No request passes a proxy unseen: the corpus through HAProxy and nginx, with the files in docs, to both adapters."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.databases import Databases
from tests.support.deployments import ADAPTERS
from tests.support.wire import Target
from tests.wire.smuggling import HIDDEN, cases
from tests.wire.smuggling_run import (
    BODY,
    PROXIES,
    Answer,
    deployed,
    faults,
    send_through,
    wrong_answers,
    wrong_lines,
)

CASES = cases()


@pytest.mark.long
@pytest.mark.parametrize("adapter", ADAPTERS)
@pytest.mark.parametrize("proxy", PROXIES)
def test_no_request_passes_the_proxy_unseen(databases: Databases, proxy: str, adapter: str):
    found = send_through(proxy, adapter, databases.migrated("sqlite"), CASES)

    assert found.wrong == []
    print(f"{len(CASES)} cases, {found.passed_on} of them passed on")


@pytest.mark.long
@pytest.mark.parametrize("adapter", ADAPTERS)
def test_a_request_that_no_proxy_sees_is_found(databases: Databases, adapter: str):
    pipelined = {number: case for number, case in enumerate(CASES) if case.name == "pipelined, whole"}
    (number,) = pipelined
    with deployed(adapter, databases.migrated("sqlite")) as alone:
        wrong = faults(Target.of(alone.url), alone, pipelined)

    assert [each for each in wrong if f"an answer to hidden-{number:05}" in each]
    assert [each for each in wrong if each.startswith("a request that the proxy did not see") and "hidden" in each]


def test_the_corpus_is_large_and_no_case_is_there_twice():
    assert len(CASES) >= 200
    assert len({b"".join(case.parts) for case in CASES}) >= 200
    assert len({case.parts for case in CASES}) == len(CASES)
    assert sum(HIDDEN in b"".join(case.parts) for case in CASES) >= 200


GOOD = [Answer(400, "case-00001", b"{}"), Answer(200, "marker-00001", BODY)]


@pytest.mark.parametrize(
    ("found", "wrong"),
    [
        (GOOD, 0),
        (GOOD[:1], 0),
        ([Answer(400, None, b"")], 0),
        ([Answer(400, "0" * 32, b"{}")], 0),
        ([], 0),
        (GOOD[::-1], 1),
        ([GOOD[0], *GOOD], 1),
        ([*GOOD, Answer(404, "hidden-00001", b"")], 2),
        ([GOOD[0], Answer(200, "marker-00002", BODY)], 1),
        ([GOOD[0], Answer(405, "marker-00001", b"{}")], 1),
        ([GOOD[0], Answer(200, None, b"diptych_requests_total 1")], 1),
    ],
)
def test_a_wrong_answer_is_found(found: list[Answer], wrong: int):
    assert len(wrong_answers(1, found)) == wrong


OTHER = {"request_id": "other-00001", "path": "/tags", "status": 200}


@pytest.mark.parametrize(
    ("line", "wrong"),
    [
        ({"request_id": "case-00001", "path": "/tags", "status": 400}, 0),
        ({"request_id": "0" * 32, "path": "", "status": 400}, 0),
        ({"request_id": "0" * 32, "path": "/health/ready", "status": 200}, 0),
        ({"request_id": "0" * 32, "path": "/tags", "status": 200}, 1),
        ({"request_id": "case-00001", "path": "/metrics", "status": 200}, 1),
        ({"request_id": "hidden-00001", "path": "/tags", "status": 404}, 1),
        ({"request_id": "case-00002", "path": "/tags", "status": 400}, 1),
        (OTHER, 1),
    ],
)
def test_a_wrong_line_is_found(line: dict[str, Any], wrong: int):
    assert len(wrong_lines([OTHER, line], [1])) == wrong


def test_a_missing_line_is_found():
    assert wrong_lines([], [1]) == ["never: other-00001"]
