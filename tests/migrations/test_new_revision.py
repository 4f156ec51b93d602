"""A new revision, as `make-migrations` writes it, has the style of the others."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.architecture.trees import copy_tree, edit, run_in
from tests.support.history import History

pytestmark = pytest.mark.long

CLI = (sys.executable, "-m", "diptych.core.cli", "database")
RUFF = (sys.executable, "-m", "ruff")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Return a copy of the tree in which books have one more column."""
    tree = copy_tree(tmp_path / "tree")
    edit(
        tree / "core" / "catalogue" / "books" / "model.py",
        "    description: Mapped[str | None] = mapped_column(Text)\n",
        "    description: Mapped[str | None] = mapped_column(Text)\n"
        "    motto: Mapped[str | None] = mapped_column(binary_collated_string(1000))\n",
    )
    return tree


def made(tree: Path, *options: str) -> Path:
    """Generate a revision against an upgraded database, and return its file."""
    url = f"sqlite:///{tree / 'books.db'}"
    directory = tree / "migrations" / "versions"
    before = set(directory.glob("*.py"))
    run_in(tree, *CLI, "upgrade", "--no-prompt", DATABASE_URL=url)
    run_in(tree, *CLI, "make-migrations", "--no-prompt", *options, DATABASE_URL=url)
    (file,) = set(directory.glob("*.py")) - before
    return file


@pytest.mark.parametrize("options", [(), ("--no-autogenerate",)])
def test_a_new_revision_follows_the_newest_and_passes_the_checks(tree: Path, options: tuple[str, ...]):
    number = f"{len(History().revisions()) + 1:04}"

    file = made(tree, "-m", "mottos of books", *options)

    assert file.name == f"{number}_mottos_of_books.py"
    text = file.read_text(encoding="utf-8")
    assert text.startswith(f'"""Mottos of books.\n\nRevision ID: {number}\nRevises: {History().head}\n')
    assert ("motto" in text.partition("def upgrade")[2]) == (not options)
    run_in(tree, *RUFF, "check", "--no-cache", "migrations")
    run_in(tree, *RUFF, "format", "--no-cache", "--check", "migrations")


@pytest.mark.unsampled
def test_a_new_revision_goes_up_and_down_in_a_transaction(tree: Path):
    made(tree, "-m", "x")
    url = f"sqlite:///{tree / 'books.db'}"

    run_in(tree, *CLI, "upgrade", "--no-prompt", DATABASE_URL=url)
    assert run_in(tree, *CLI, "check", check=False, DATABASE_URL=url).returncode == 0
    run_in(tree, *CLI, "downgrade", "--no-prompt", History().head, DATABASE_URL=url)
    assert run_in(tree, *CLI, "check", check=False, DATABASE_URL=url).returncode != 0
    written = run_in(tree, *CLI, "upgrade", "--no-prompt", "--sql", "head", DATABASE_URL="postgresql://u@127.0.0.1/d")
    statements = [line for line in written.stdout.splitlines() if line in ("BEGIN;", "COMMIT;")]
    # One transaction for the version table, one for each revision, and more around concurrent indexes.
    assert statements == ["BEGIN;", "COMMIT;"] * (len(statements) // 2)
    assert len(statements) // 2 > len(History().revisions())


@pytest.mark.unsampled
def test_a_revision_may_have_a_name_of_its_own(tree: Path):
    assert made(tree, "-m", "x", "--rev-id", "hotfix").name == "hotfix_x.py"
