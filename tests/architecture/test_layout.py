"""The files, folders and sections that the docs name exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support.databases import ROOT

NAMED = re.compile(r"`((?:core|flask_app|sanic_app|migrations|tools)(?:/[\w.]+)*)/?`")


LINK = re.compile(r"\]\((?!https?:)([^)#]*)(?:#([^)]+))?\)")
FOLDERS = ("docs", "tests", "core", "flask_app", "sanic_app", "migrations")
PAGES = sorted(
    str(page.relative_to(ROOT))
    for page in [*ROOT.glob("*.md"), *(page for folder in FOLDERS for page in (ROOT / folder).rglob("*.md"))]
)


def anchors(page: Path) -> set[str]:
    """Return the fragments of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def broken_links(page: Path) -> list[str]:
    """Return the relative links of a page that lead to no file, or to no heading of it."""
    found = []
    for path, fragment in LINK.findall(page.read_text(encoding="utf-8")):
        target = page.parent / path if path else page
        if not target.exists() or (fragment and fragment not in anchors(target)):
            found.append(f"{path}#{fragment}" if fragment else path)
    return found


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


@pytest.mark.parametrize("page", PAGES)
def test_every_link_leads_to_a_file_and_a_heading(page: str):
    assert broken_links(ROOT / page) == []


def test_a_broken_link_is_found(tmp_path: Path):
    page = tmp_path / "page.md"
    page.write_text(
        "# One `word`, two\n[a](#one-word-two) [b](page.md) [c](gone.md) [d](page.md#gone) [e](https://x.example)\n"
    )

    assert broken_links(page) == ["gone.md", "page.md#gone"]
