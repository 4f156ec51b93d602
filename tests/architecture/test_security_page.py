"""docs/security.md: it has each requirement of ASVS 5.0.0 once, and each test that it names exists."""

from __future__ import annotations

import re
from pathlib import Path

from tests.support.databases import ROOT

PAGE = ROOT / "docs" / "security.md"

COUNTS = {
    1: 27, 2: 11, 3: 19, 4: 10, 5: 9, 6: 35, 7: 18, 8: 7, 9: 7,
    10: 29, 11: 14, 12: 9, 13: 13, 14: 9, 15: 13, 16: 16, 17: 7,
}  # fmt: skip
"""How many requirements of levels 1 and 2 each chapter of the standard has."""

STATUSES = ("met", "**not met**", "operator", "n/a")

REQUIREMENT = re.compile(r"v5\.0\.0-V(\d+)\.(\d+)\.(\d+)")
NAMED = re.compile(r"`([\w/]+\.py)::(\w+)`")


def rows(text: str) -> list[list[str]]:
    """Return the cells of the rows that are about requirements."""
    return [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| v5.0.0-V")]


def missing_tests(text: str, folder: Path) -> list[str]:
    """Return the tests that a page names and a folder does not have."""
    found = []
    for file, name in NAMED.findall(text):
        path = folder / file
        if not path.exists() or not re.search(rf"def {name}\(", path.read_text(encoding="utf-8")):
            found.append(f"{file}::{name}")
    return found


def test_every_test_that_the_page_names_exists():
    text = PAGE.read_text(encoding="utf-8")

    assert len(NAMED.findall(text)) > 100
    assert missing_tests(text, ROOT / "tests") == []


def test_a_test_that_does_not_exist_is_found():
    own = "architecture/test_security_page.py"
    text = f"`{own}::test_a_test_that_does_not_exist_is_found` `{own}::test_gone` `gone.py::test_gone`"

    assert missing_tests(text, ROOT / "tests") == [f"{own}::test_gone", "gone.py::test_gone"]


def test_the_page_has_each_requirement_once():
    found = [
        tuple(map(int, each)) for row in rows(PAGE.read_text(encoding="utf-8")) for each in REQUIREMENT.findall(row[0])
    ]
    chapters = {chapter: sum(1 for each in found if each[0] == chapter) for chapter in range(1, 18)}

    assert chapters == COUNTS
    assert len(set(found)) == len(found)


def test_each_row_says_how_it_is_met_or_why_not():
    for row in rows(PAGE.read_text(encoding="utf-8")):
        assert len(row) == 4, row
        assert row[2] in STATUSES, row


def test_what_is_not_met_is_listed_at_the_top():
    text = PAGE.read_text(encoding="utf-8")
    listed = set(re.findall(r"V\d+\.\d+\.\d+", text.partition("## Not met")[2].partition("\n## ")[0]))
    not_met = {
        f"V{'.'.join(each)}" for row in rows(text) if row[2] == "**not met**" for each in REQUIREMENT.findall(row[0])
    }

    assert listed == not_met
    counts = [sum(len(REQUIREMENT.findall(row[0])) for row in rows(text) if row[2] == status) for status in STATUSES]
    assert (
        "Of {} requirements, {} are met, {} are not, {} are the operator's, and {} do not apply.".format(
            sum(counts), *counts
        )
        in text
    )
