"""What `make upgrades` concludes from what pip and pytest print."""

from __future__ import annotations

import pytest
from packaging.specifiers import SpecifierSet

from tools.upgrades import Upgrade, conflicts, first_failure, locked_versions, main, newest, permitted_versions, table


def test_the_lock_file_tells_the_version_of_each_package():
    lock = "psycopg==3.3.9 \\\n    --hash=sha256:12\n    # via diptych\nuvloop==0.23.0 ; sys_platform != 'win32' \\\n"

    assert locked_versions(lock) == {"psycopg": "3.3.9", "uvloop": "0.23.0"}


def test_the_limits_are_those_of_the_dependencies_and_of_the_extras():
    project = '[project]\ndependencies = ["psycopg[binary]>=3.3"]\noptional-dependencies.flask = ["gunicorn>=27,<28"]\n'

    assert permitted_versions(project) == {"psycopg": SpecifierSet(">=3.3"), "gunicorn": SpecifierSet(">=27,<28")}


@pytest.mark.parametrize(
    ("available", "limits", "found"),
    [
        (["2.0.9", "2.0.10"], "<2.1", ["2.0.10"]),
        (["2.1.9", "2.0.58", "2.0.57"], "<2.1", ["2.0.58", "2.1.9"]),
        (["2.1", "2.2b1"], ">=2", ["2.2b1"]),
        (["3.0"], "<3", ["3.0"]),
    ],
)
def test_the_newest_permitted_and_the_newest_of_all_are_tried(available: list[str], limits: str, found: list[str]):
    assert newest(available, SpecifierSet(limits)) == found


def test_a_conflict_with_our_own_limits_is_none_and_one_with_anothers_is():
    ours = "diptych 0.1.0 has requirement sqlalchemy<2.1,>=2.0.58, but you have sqlalchemy 2.1.9."
    others = [
        "advanced-alchemy 1.12.0 has requirement sqlalchemy<2.1, but you have sqlalchemy 2.1.9.",
        "sanic 26.3.0 requires tracerite, which is not installed.",
    ]

    assert conflicts("\n".join(["WARNING: a location is ignored", ours, *others])) == others
    assert conflicts("No broken requirements found.\n") == []


@pytest.mark.parametrize(
    ("output", "failure"),
    [
        ("..F\nE   assert 1 == 2\nFAILED tests/a.py::test_b - assert 1 == 2\nERROR tests/a.py::test_c\n1 failed\n",
         "FAILED tests/a.py::test_b - assert 1 == 2"),
        ("ImportError while loading conftest\nE   ImportError: cannot import name 'x'\n",
         "E ImportError: cannot import name 'x'"),
        ("ERROR: No matching distribution found for x==9\n", "ERROR: No matching distribution found for x==9"),
        ("no tests ran in 0.5s\n\n", "no tests ran in 0.5s"),
        ("", "nothing was printed"),
    ],
)  # fmt: skip
def test_the_first_failure_is_what_pytest_or_pip_calls_one(output: str, failure: str):
    assert first_failure(output) == failure


def test_the_table_has_a_line_for_each_release_that_was_tried():
    results = [
        (Upgrade("gunicorn", "27.0.1", "27.0.1", permitted=True), "same as locked"),
        (Upgrade("sqlalchemy", "2.0.58", "2.1.9", permitted=False), "not safe: FAILED tests/a.py::test_b"),
    ]

    assert table(results).splitlines() == [
        "package     locked  newest  pyproject.toml  result",
        "gunicorn    27.0.1  27.0.1  permits it      same as locked",
        "sqlalchemy  2.0.58  2.1.9   forbids it      not safe: FAILED tests/a.py::test_b",
    ]


@pytest.mark.parametrize(
    ("outcomes", "status"),
    [
        ({"a==2": "safe", "b==2": "safe", "a==2 b==2": "safe"}, 0),
        ({"a==2": "safe", "b==2": "safe", "a==2 b==2": "not safe: x"}, 1),
        ({"a==2": "safe", "b==2": "not safe: x"}, 0),
        ({"a==2": "not safe: x", "b==2": "safe"}, 1),
        ({"a==2": "safe but for warnings: x", "b==2": "not safe: x"}, 1),
    ],
)
def test_the_status_tells_whether_what_pyproject_permits_is_safe(
    outcomes: dict[str, str], status: int, monkeypatch: pytest.MonkeyPatch
):
    tested = []

    def outcome(requirements: list[str], _tests: list[str]) -> str:
        tested.append(" ".join(requirements))
        return outcomes.get(tested[-1], "safe")

    monkeypatch.setattr("tools.upgrades.outcome", outcome)
    monkeypatch.setattr(
        "tools.upgrades.upgrades",
        lambda package, pre: [Upgrade(package, "1", "2", permitted=package == "a" and not pre)],
    )
    monkeypatch.setattr("sys.argv", ["upgrades.py", "a", "b"])

    assert main() == status
    assert tested == ["", *outcomes]


def test_nothing_is_tested_where_the_locked_versions_fail(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("tools.upgrades.outcome", lambda _requirements, _tests: "not safe: x")
    monkeypatch.setattr("tools.upgrades.upgrades", lambda package, pre: [Upgrade(package, "1", "2", permitted=not pre)])
    monkeypatch.setattr("sys.argv", ["upgrades.py", "a"])

    with pytest.raises(SystemExit, match="The locked versions are not safe: x"):
        main()
