"""A history with two heads: the database may be at both, every command works there, and `merge` makes one of them."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from diptych.core.db.schema_version import head
from tests.architecture.trees import copy_tree, run_in
from tests.support.databases import BACKENDS, Databases

pytestmark = pytest.mark.long

HEAD = head()
DIPTYCH = (sys.executable, "-m", "diptych.core.cli")
STARTS = "import os; from diptych.core.settings import Settings; from diptych.core.startup_checks import *;"

MERGE = '"diptych database merge" writes the migration that joins them, and "upgrade" then runs it'


class Tree:
    """A copy of the source tree in which two revisions follow the head, and a database."""

    def __init__(self, path: Path, url: str) -> None:
        self.path = copy_tree(path)
        self.url = url
        for name in ("left", "right"):
            self.versions.joinpath(f"{name}.py").write_text(
                f'"""{name.title()}."""\nimport sqlalchemy as sa\nfrom alembic import op\n'
                f'revision = "{name}"\ndown_revision = "{HEAD}"\nbranch_labels = depends_on = None\n'
                f'def upgrade():\n    op.create_table("{name}", sa.Column("id", sa.Integer))\n'
                f'def downgrade():\n    op.drop_table("{name}")\n',
                encoding="utf-8",
            )

    @property
    def versions(self) -> Path:
        return self.path / "migrations" / "versions"

    def done(self, *arguments: str) -> str:
        """Run a command that must succeed without a word on standard error."""
        done = run_in(self.path, *DIPTYCH, *arguments, DATABASE_URL=self.url)
        assert done.stderr == ""
        return done.stdout

    def refused(self, *arguments: str) -> str:
        """Run a command that must fail, and return its one line."""
        done = run_in(self.path, *DIPTYCH, *arguments, check=False, DATABASE_URL=self.url)
        assert done.returncode == 1
        (line,) = done.stderr.splitlines()
        return line


both = pytest.mark.parametrize("backend", BACKENDS)


@pytest.fixture
def tree(databases: Databases, tmp_path: Path, backend: str) -> Tree:
    return Tree(tmp_path / "tree", databases.migrated(backend))


@pytest.mark.unsampled
@pytest.mark.parametrize("backend", ["sqlite"])
def test_what_needs_one_head_says_that_there_are_two_and_changes_nothing(tree: Tree):
    told = f"Error: There are 2 heads, left and right: {MERGE}."

    assert tree.refused("db", "upgrade") == f'{told} Without one, "diptych database upgrade heads" takes all of them.'
    assert (
        tree.refused("db", "stamp", "head") == f'{told} Without one, "diptych database stamp heads" takes all of them.'
    )
    assert tree.refused("db", "migrate") == f"{told} Without one, --head says which to follow."
    assert tree.refused("db", "adopt", "--dry-run") == told
    assert tree.done("db", "current").startswith(HEAD)


@pytest.mark.unsampled
@both
def test_a_database_at_both_heads_is_one_that_every_command_works_on(tree: Tree):
    both = f"The database is at revisions left and right: {MERGE}.\n"

    assert tree.done("db", "upgrade", "heads") == both

    assert tree.done("db", "upgrade") == tree.done("db", "upgrade", "heads") == both
    assert tree.done("db", "current") == "left (head)\nright (head)\n"
    assert tree.done("db", "check") == "The database is at revisions left and right (heads), and as the models say.\n"
    assert f"\nrevision: left and right (heads: {MERGE})\n" in tree.done("check-db-status")
    assert tree.done("db", "stamp", "heads") == both
    assert "Rev: left (head)" in tree.done("db", "show", "current")
    assert tree.done("db", "history", "--indicate-current").count("(current)") == 2
    assert '"revision": "left and right"' in tree.done("db", "dump-data")
    assert run_in(tree.path, *DIPTYCH, "export", DATABASE_URL=tree.url).stdout == ""
    run_in(
        tree.path, sys.executable, "-c", f"{STARTS} check_revision(Settings.from_environ(os.environ))",
        DATABASE_URL=tree.url,
    )  # fmt: skip


@pytest.mark.unsampled
@both
def test_merge_and_upgrade_make_one_revision_of_both(tree: Tree):
    tree.done("db", "upgrade", "heads")
    merged = f"{len(list(tree.versions.glob('*.py'))) + 1:04}"

    tree.done("db", "merge")

    assert f"behind the head, {merged}" in tree.refused("db", "check")
    assert tree.done("db", "upgrade") == f"The database is at revision {merged}.\n"
    assert tree.done("db", "current").startswith(f"{merged} (head)")
    assert "as the models say" in tree.done("db", "check")
    assert tree.done("db", "downgrade", "left") == "The database is at revisions left and right.\n"
    assert tree.done("db", "upgrade") == f"The database is at revision {merged}.\n"
    assert tree.done("db", "downgrade", HEAD) == f"The database is at revision {HEAD}.\n"


@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_merge_before_the_upgrade_needs_no_second_step(tree: Tree):
    tree.done("db", "merge")

    assert "as the models say" not in tree.done("db", "upgrade")
    assert tree.done("db", "current").count("\n") == 1
