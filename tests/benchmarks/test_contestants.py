"""The adapters and their floors do the same work: `make bench` compares the JSON of each."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks import catalogue as rows
from benchmarks.checking import Wrong, check, differences
from benchmarks.contestants import CONTESTANTS, Contestant
from benchmarks.load import load, write
from benchmarks.plan import Plan
from benchmarks.running import Run, started
from benchmarks.workloads import CHOSEN, WORKLOADS, Case, Workload
from tests.support import patient
from tests.support.databases import Databases
from tests.support.programs import program

pytestmark = pytest.mark.long

SMALL = rows.make(books=300, authors=40, tags=30)

OURS = [each for each in CONTESTANTS if each.role != "peer"]
FLOOR = next(each for each in OURS if each.role == "floor")
BY_NAME = {workload.name: workload for workload in WORKLOADS}


@pytest.mark.parametrize("contestant", OURS, ids=lambda each: each.name)
def test_every_workload_is_answered_as_it_should_be(
    contestant: Contestant, databases: Databases, tmp_path: Path
) -> None:
    url = databases.migrated("postgresql")
    rows.fill(url, SMALL)
    with started(contestant, url, tmp_path) as address, patient.Client(base_url=address) as client:
        for workload in WORKLOADS:
            if workload.deletes:
                rows.fill(url, SMALL, itertools.islice(rows.stock(SMALL), 10))
            tags = check(client, some(workload, 10), conditional=workload.conditional)
            assert len(tags) == (10 if workload.conditional else 0)
            assert all(tags.values())


def some(workload: Workload, number: int) -> Iterator[Case]:
    return itertools.islice(workload.cases(SMALL, random.Random(7)), number)  # noqa: S311 - the same ones each time


def test_a_workload_asks_for_different_rows() -> None:
    for workload in WORKLOADS:
        asked = {(case.path, case.content) for case in some(workload, 50)}
        authors = dict.fromkeys(("get_author", "get_author_token"), len(SMALL.authors))
        most = {**authors, "list": len(SMALL.books) // 20, "filter": len(rows.LANGUAGES)}
        assert len(asked) == most.get(workload.name, 50)


def test_the_rows_are_the_same_each_time() -> None:
    assert rows.make(books=20, authors=4, tags=4) == rows.make(books=20, authors=4, tags=4)
    assert list(itertools.islice(rows.stock(SMALL), 3)) == list(itertools.islice(rows.stock(SMALL), 3))


RIGHT = {"id": CHOSEN, "created_at": CHOSEN, "title": "A", "tags": [{"name": "x"}], "year": 1972}
FOUND = {
    "id": "01a1fbd7-55dd-7561-861e-8d0bba31278f",
    "created_at": "2026-11-21T15:46:09.757605Z",
    "title": "A",
    "tags": [{"name": "x"}],
    "year": 1972,
}


def test_the_same_json_has_no_differences() -> None:
    assert differences(RIGHT, FOUND) == []
    assert differences({"items": [], "total": 0}, {"total": 0, "items": [], "next": None, "previous": "b64"}) == []


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"title": "B"}, '/title is "B", not "A"'),
        ({"year": 1972.0}, "/year is 1972.0, not 1972"),
        ({"tags": []}, '/tags is [], not [{"name": "x"}]'),
        ({"tags": [{"name": "y"}]}, '/tags/0/name is "y", not "x"'),
        ({"sort_key": "a"}, "/sort_key should not be there"),
        ({"id": "1"}, f'/id is "1", not "{CHOSEN}"'),
        ({"created_at": "2026-11-21T15:46:09+00:00"}, f'/created_at is "2026-11-21T15:46:09+00:00", not "{CHOSEN}"'),
    ],
)
def test_what_differs_is_named(change: dict[str, object], told: str) -> None:
    assert differences(RIGHT, FOUND | change) == [told]


def test_what_is_missing_is_named() -> None:
    assert differences(RIGHT, {name: value for name, value in FOUND.items() if name != "year"}) == [
        "/year is not there"
    ]


@pytest.fixture(scope="module")
def url(databases: Databases) -> str:
    return databases.migrated("postgresql")


@pytest.fixture(scope="module")
def floor(url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    rows.fill(url, SMALL)
    with started(FLOOR, url, tmp_path_factory.mktemp("floor")) as address:
        yield address


@pytest.mark.parametrize(
    ("status", "change", "told"),
    [
        (201, {}, "answered 200, not 201"),
        (200, {"name": "Nobody"}, "/name is "),
    ],
)
def test_a_wrong_answer_is_reported(floor: str, status: int, change: dict[str, str], told: str) -> None:
    (case,) = some(BY_NAME["get_author"], 1)
    assert case.answer is not None
    wrong = Case(case.method, case.path, status, case.answer | change)
    with patient.Client(base_url=floor) as client, pytest.raises(Wrong, match=told):
        check(client, [wrong])


def test_refused_requests_are_counted(floor: str, tmp_path: Path) -> None:
    program("wrk", "wrk")
    nowhere = Case("GET", "/books/01a1fbd7-55dd-7561-861e-8d0bba31278f", 404, None)
    (there,) = some(BY_NAME["get_book"], 1)
    # One request for each of two threads; those to be skipped are not sent.
    for cases, skip, share in (([nowhere, nowhere], 0, 1.0), ([nowhere, nowhere, there, there], 2, 0.0)):
        write(tmp_path / "requests", cases, {})
        loaded = load(floor, tmp_path / "requests", 1, skip)
        assert loaded.requests > 0
        assert loaded.refused == share * loaded.requests
        assert loaded.unanswered == 0


def test_a_wrong_answer_ends_the_run(url: str, tmp_path: Path) -> None:
    other_rows = rows.make(books=300, authors=39, tags=30)
    get_book = replace(BY_NAME["get_book"], cases=lambda _, rng: BY_NAME["get_book"].cases(SMALL, rng))
    plan = Plan(contestants=[FLOOR], workloads=[get_book], rounds=1, seconds=1)
    with pytest.raises(Wrong, match=r"^Flask, hand-written SQL: GET /books/\S+ was answered 404, not 200"):
        list(Run(plan, other_rows, url, tmp_path, print).measurements())


@pytest.mark.unsampled
def test_a_measurement_that_ran_out_of_rows_is_void(url: str, tmp_path: Path) -> None:
    program("wrk", "wrk")
    workloads = [BY_NAME["get_author"], BY_NAME["not_modified"], BY_NAME["delete"]]
    plan = Plan(contestants=[FLOOR], workloads=workloads, rounds=1, seconds=1, stock=20)
    said: list[str] = []
    got, unchanged, deleted = Run(plan, SMALL, url, tmp_path, said.append).measurements()
    assert (got.fault, unchanged.fault) == ("", "")
    assert min(got.loaded.requests, unchanged.loaded.requests) > 0
    assert unchanged.loaded.bytes / unchanged.loaded.requests < got.loaded.bytes / got.loaded.requests
    assert "BENCH_STOCK=20" in deleted.fault
    assert said[0] == "Round 1 of 1: Flask, hand-written SQL"
