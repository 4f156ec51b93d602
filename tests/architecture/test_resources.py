"""No adapter knows the catalogue's resources."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from diptych.core.sync.operations import OPERATIONS, RESOURCES
from tests.support.databases import ROOT

# A path without a POST is no resource: the problem pages, or the readiness check.
ROOTS = {operation.path for operation in OPERATIONS if operation.name.endswith("_create")}
PATHS = [operation.path.split("/")[1:] for operation in OPERATIONS]
SEGMENTS = {step for path in PATHS for step in path if f"/{path[0]}" in ROOTS and not step.startswith("{")}
NOUNS = {resource.service.spec.noun for resource in RESOURCES}
# What resources have in common has ordinary words for names.
COMMON = {"changes", "exports", "file", "files", "imports", "merge", "names", "preview", "start"}
NAMES = sorted((SEGMENTS | NOUNS) - COMMON)
WORD = re.compile(rf"(?<![a-z])({'|'.join(NAMES)})(?![a-z])", re.IGNORECASE)

ADAPTER_FILES = [path for adapter in ("flask_app", "sanic_app") for path in sorted((ROOT / adapter).rglob("*.py"))]


def test_the_names_looked_for_are_those_of_the_table():
    assert {"authors", "author", "books", "book", "tags", "tag", "contributors", "slug"} <= set(NAMES)


@pytest.mark.parametrize("path", ADAPTER_FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_an_adapter_names_no_resource(path: Path):
    lines = path.read_text(encoding="utf-8").replace("monitor_publisher", "").splitlines()  # Sanic's

    assert lines
    assert [(number, line) for number, line in enumerate(lines, 1) if WORD.search(line)] == []


@pytest.mark.parametrize(
    "line", ['"/authors"', "def list_books():", "from diptych.core.catalogue.models import Tag", "book_id = 1"]
)
def test_a_resource_in_an_adapter_would_be_found(line: str):
    assert WORD.search(line)


@pytest.mark.parametrize("line", ["authorise(request)", "bookkeeping = 1", "stage = 2"])
def test_a_word_that_only_resembles_a_resource_is_none(line: str):
    assert not WORD.search(line)
