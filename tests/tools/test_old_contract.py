"""`make old-contract`: which tests of an earlier contract may fail today, and how the others are reported."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import tools.old_contract.__main__ as old_contract
from tests.support.databases import ROOT
from tools.old_contract import plugin
from tools.old_contract.__main__ import Difference, compare, expected_differences

PUBLISHER = Difference("test_books.py::test_include[*publisher]", "200: ", "it was unknown")


def lines(**errors: str | None) -> list[str]:
    return list(compare({f"test_books.py::test_include[{case}]": error for case, error in errors.items()}, [PUBLISHER]))


def test_a_test_that_fails_as_the_list_says_is_no_line():
    assert lines(publisher="200: {}", tags_publisher="200: {}", tags=None) == []


def test_a_test_that_is_not_in_the_list_is_reported_with_its_error():
    assert lines(publisher="200: {}", tags="404: {}\n") == ["differs: test_books.py::test_include[tags]: 404: {}"]


def test_a_test_that_fails_for_another_reason_than_the_list_has_is_reported():
    assert lines(publisher="200: {}", tags_publisher="500: {}") == [
        "differs: test_books.py::test_include[tags_publisher]: 500: {}"
    ]


def test_an_entry_whose_tests_all_pass_is_reported():
    assert lines(publisher=None) == [
        "no longer differs, so take it from the list: test_books.py::test_include[*publisher] (it was unknown)"
    ]


def test_every_entry_of_the_list_gives_a_reason():
    listed = expected_differences((ROOT / "tools/old_contract/expected.toml").read_text("utf-8"))

    assert listed
    assert all(each.shows and each.reason for differences in listed.values() for each in differences)


@pytest.mark.parametrize("name", ["test_x[http://127.0.0.1:5000]", "test_x[http://127.0.0.1:5000-a]", "test_x[a-http://127.0.0.1:5000]"])  # fmt: skip # noqa: E501
def test_the_address_of_a_service_is_no_part_of_a_tests_name(monkeypatch: pytest.MonkeyPatch, name: str):
    monkeypatch.setenv("CONTRACT_URL", "http://127.0.0.1:5000")

    assert plugin.without_url(f"tests/contract/test_books.py::{name}") in (
        "test_books.py::test_x", "test_books.py::test_x[a]",
    )  # fmt: skip


def test_without_the_history_one_line_says_what_is_needed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setattr(old_contract, "ROOT", tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))

    with pytest.raises(SystemExit, match=re.escape("a full clone is needed")) as refused:
        old_contract.full_name("61468e8")
    assert "\n" not in str(refused.value)
