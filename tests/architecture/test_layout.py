"""The files and folders that the docs name exist."""

from __future__ import annotations

import re

import pytest

from tests.support.databases import ROOT

NAMED = re.compile(r"`((?:core|flask_app|sanic_app|migrations|tools)(?:/[\w.]+)*)/?`")


def paths(page: str) -> set[str]:
    """Return the files and folders that a page names in full."""
    return set(NAMED.findall((ROOT / page).read_text(encoding="utf-8")))


@pytest.mark.parametrize("page", ["docs/architecture.md", "README.md", "tests/architecture/new_resource/README.md"])
def test_what_a_page_names_is_there(page: str):
    new = ROOT / "tests" / "architecture" / "new_resource"

    assert [path for path in sorted(paths(page)) if not (ROOT / path).exists() and not (new / path).exists()] == []


def test_the_table_of_the_architecture_has_all_of_the_core():
    modules = [path.relative_to(ROOT / "core") for path in (ROOT / "core").rglob("*.py")]
    parts = {f"core/{path.parts[0]}" for path in modules if not path.name.startswith("__") or len(path.parts) > 1}

    assert sorted(parts - paths("docs/architecture.md")) == []
