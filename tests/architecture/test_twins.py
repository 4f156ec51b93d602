"""core/sync is what tools/unasync.py generates from core/aio, and any difference is found."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.trees import contents, copy_tree, edit, run_in
from tests.support.databases import ROOT, run


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of the tree with freshly generated twins."""
    tree = copy_tree(tmp_path_factory.mktemp("twins") / "tree")
    run_in(tree, sys.executable, "tools/unasync.py")
    return tree


@pytest.fixture
def tree(fresh: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(fresh, tmp_path / "tree", symlinks=True, ignore=shutil.ignore_patterns("__pycache__")))


def check(tree: Path) -> subprocess.CompletedProcess[str]:
    return run_in(tree, sys.executable, "tools/unasync.py", "--check", check=False)


def test_the_twins_are_fresh():
    done = run([sys.executable, "tools/unasync.py", "--check"], check=False)

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.long
def test_a_change_of_the_source_alone_leaves_a_stale_twin(tree: Path):
    before = contents(tree / "core" / "sync")
    edit(tree / "core" / "aio" / "unit_of_work.py", "\nATTEMPTS = 5\n", "\nATTEMPTS = 6\n")

    done = check(tree)

    assert done.returncode == 1
    assert done.stdout == "core/sync/unit_of_work.py is stale: make twins\n"
    assert contents(tree / "core" / "sync") == before


@pytest.mark.unsampled
@pytest.mark.long
def test_twins_edited_by_hand_without_a_source_or_missing_are_noticed_and_put_right(tree: Path):
    twins = tree / "core" / "sync"
    before = contents(twins)
    edited, orphan, missing = twins / "services" / "tags.py", twins / "orphan.py", twins / "services" / "books.py"
    edited.write_bytes(edited.read_bytes() + b"\n\nADDED_BY_HAND = True\n")
    orphan.write_text('"""Nobody made this."""\n', encoding="utf-8")
    missing.unlink()

    done = check(tree)
    assert done.returncode == 1
    assert sorted(done.stdout.splitlines()) == [
        "core/sync/orphan.py has no source",
        "core/sync/services/books.py is stale: make twins",
        "core/sync/services/tags.py is stale: make twins",
    ]

    run_in(tree, sys.executable, "tools/unasync.py")
    assert contents(twins) == before


@pytest.mark.unsampled
@pytest.mark.long
def test_a_rule_that_replaces_nothing_is_an_error(tree: Path):
    edit(tree / "tools" / "unasync.py", "WORDS = {\n", 'WORDS = {\n    "AsyncNothing": "Nothing",\n')

    done = check(tree)

    assert done.returncode == 1
    assert "AsyncNothing" in done.stderr


def test_nothing_of_a_twin_waits():
    asynchronous = (
        "async ",
        "await ",
        "asyncio",
        "Async",
        "diptych.core.aio ",
        "import diptych.core.aio",
        "from diptych.core.aio",
    )
    twins = {path: path.read_text(encoding="utf-8") for path in sorted((ROOT / "core" / "sync").rglob("*.py"))}

    assert twins
    assert [(path.name, word) for path, text in twins.items() for word in asynchronous if word in text] == []
