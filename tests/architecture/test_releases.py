"""The notes of a release are there, and name what has to be set or removed."""

from __future__ import annotations

import re
import tomllib

from tests.support.databases import ROOT

SETTING = re.compile(r"`((?:DIPTYCH|DATABASE)_[A-Z_]+)`")


def notes() -> str:
    """Return the upgrade notes of the version in pyproject.toml."""
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    page = (ROOT / "docs/releases.md").read_text(encoding="utf-8")
    return re.split(r"\n##", page.partition(f"\n### {version}\n")[2], maxsplit=1)[0]


def test_the_version_has_upgrade_notes():
    assert notes().strip()


def test_the_notes_name_each_setting_that_the_release_before_does_not_know():
    page = (ROOT / "docs/database.md").read_text(encoding="utf-8")
    (sentence,) = re.findall(r"New in this one are (.+?)\.\n", page, re.DOTALL)

    assert sorted(set(SETTING.findall(sentence)) - set(SETTING.findall(notes()))) == []
