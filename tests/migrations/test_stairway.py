"""Every revision goes up, down and up again with rows in the tables, and loses none."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy.exc import DBAPIError

from tests.support.catalogue import Schema, differences, schema
from tests.support.databases import BACKENDS, Databases
from tests.support.history import PLANTED, History, below, plant, transaction
from tests.support.rows import FILLED_BY_TRIGGERS, ROWS, Rows, changed, fill, rows

both = pytest.mark.parametrize("backend", BACKENDS)


def stairway(history: History, revision: str, databases: Databases, backend: str) -> list[str]:
    """Upgrade a database from the revision before to the revision, down, and up again; return what was lost.

    A revision whose `rewrites` names columns ({"table.column": "why"}) may change their values.
    """
    script = history.script(revision)
    url = history.before(databases, backend, revision)
    rewritten = getattr(script.module, "rewrites", {}).keys()
    found: list[str] = []

    def filled(first: int) -> tuple[Rows, Schema]:
        with transaction(url) as connection:
            fill(connection, first)
            return rows(connection), schema(connection)

    def step(what: str, go: str, before: Rows) -> tuple[Rows, Schema]:
        getattr(history, what)(url, go)
        with transaction(url) as connection:
            after = rows(connection)
            found.extend(changed(before, after, rewritten=rewritten))
            return after, schema(connection)

    kept, low = filled(0)
    step("upgrade", revision, kept)
    kept, high = filled(ROWS)
    kept, lowered = step("downgrade", below(script), kept)
    found += [f"left by the downgrade: {each}" for each in differences(low, lowered)]
    _, raised = step("upgrade", revision, kept)
    found += [f"not made again: {each}" for each in differences(high, raised)]
    return found


def test_the_history_is_one_line():
    revisions = History().revisions()
    assert [below(script) for script in revisions] == ["base", *(script.revision for script in revisions[:-1])]


@both
@pytest.mark.parametrize("revision", [script.revision for script in History().revisions()])
def test_a_revision_goes_up_down_and_up_again_and_keeps_every_row(databases: Databases, backend: str, revision: str):
    assert stairway(History(), revision, databases, backend) == []


@both
def test_the_rows_are_at_the_edges_of_their_columns(databases: Databases, backend: str):
    url = databases.migrated(backend)
    with transaction(url) as connection:
        fill(connection)
        fill(connection, ROWS)
        found = rows(connection)
    columns, books = found["book"]
    title, year, isbn = (
        sorted({book[columns.index(name)] for book in books}, key=repr) for name in ("title", "year", "isbn")
    )

    # The migration itself has added a row.
    assert len(found.pop("access_policy")[1]) == 2 * ROWS + 1
    assert {len(stored) for table, (_, stored) in found.items() if table not in FILLED_BY_TRIGGERS} == {2 * ROWS}
    assert max(len(each) for each in title) == 1000
    assert any(ord(character) > 0xFFFF for each in title for character in each)
    assert 2**15 - 1 - 1 in year
    assert None in isbn


LOSES_ROWS = {
    "a row": ("op.execute(\"DELETE FROM book_contributor WHERE role = 'author'\")", "pass"),
    "a value": ("op.execute(\"UPDATE author SET name = 'x' WHERE dob IS NULL\")", "pass"),
    "an empty value": ("op.execute(\"UPDATE tag SET description = '' WHERE description IS NULL\")", "pass"),
    "the end of a text": (
        "op.execute('UPDATE tag SET name = substr(name, 1, 50)')",
        "pass",
    ),
    "a row, on the way down": ("pass", "op.execute('DELETE FROM book_tag')"),
}


@pytest.mark.long
@both
@pytest.mark.parametrize("loss", LOSES_ROWS)
def test_a_revision_that_loses_something_is_found(databases: Databases, backend: str, tmp_path: Path, loss: str):
    history = plant(tmp_path / "migrations", *LOSES_ROWS[loss])
    found = stairway(history, PLANTED, databases, backend)
    assert any("rows became" in each for each in found), found


@pytest.mark.long
@both
def test_values_that_a_revision_says_it_rewrites_are_not_a_loss(databases: Databases, backend: str, tmp_path: Path):
    declares = "rewrites = {'tag.description': 'an empty description is none'}"
    history = plant(tmp_path / "migrations", *LOSES_ROWS["an empty value"], declares=declares)
    assert stairway(history, PLANTED, databases, backend) == []


@pytest.mark.long
@both
def test_a_downgrade_that_leaves_something_is_found(databases: Databases, backend: str, tmp_path: Path):
    history = plant(
        tmp_path / "migrations",
        "op.add_column('book', sa.Column('shelves', sa.Integer()))",
        "op.execute('ALTER TABLE book RENAME COLUMN shelves TO leaves')",
    )
    found = stairway(history, PLANTED, databases, backend)
    assert any(each.startswith("left by the downgrade: column book.leaves") for each in found), found


@pytest.mark.long
@both
def test_a_downgrade_after_which_there_is_no_way_up_is_found(databases: Databases, backend: str, tmp_path: Path):
    history = plant(tmp_path / "migrations", "op.add_column('book', sa.Column('shelves', sa.Integer()))")
    with pytest.raises(DBAPIError, match=r"duplicate column name: shelves|column \"shelves\" .* already exists"):
        stairway(history, PLANTED, databases, backend)


EVERY_TYPE = """
op.create_table(
    "shelf",
    sa.Column("id", sa.Uuid(), primary_key=True),
    sa.Column("above_id", sa.Uuid(), sa.ForeignKey("shelf.id")),
    sa.Column("book_id", sa.Uuid(), sa.ForeignKey("book.id", ondelete="CASCADE"), nullable=False),
    *(sa.Column(f"c{n}", kind, nullable=False) for n, kind in enumerate(
        [sa.BigInteger(), sa.Integer(), sa.Float(), sa.Double(), sa.Numeric(12, 2), sa.DateTime(), sa.Time(),
         sa.Boolean(), sa.JSON(), sa.LargeBinary(), sa.Text(), sa.Unicode(7), sa.Enum("to read", "read", name="state")],
    )),
)
"""


@pytest.mark.long
@both
def test_there_are_rows_for_a_table_of_any_types(databases: Databases, backend: str, tmp_path: Path):
    down = "op.drop_table('shelf')\nsa.Enum(name='state').drop(op.get_bind(), checkfirst=True)"
    history = plant(tmp_path / "migrations", EVERY_TYPE, down)
    assert stairway(history, PLANTED, databases, backend) == []


@pytest.mark.long
@both
def test_an_index_made_while_others_write_goes_up_and_down(databases: Databases, backend: str, tmp_path: Path):
    alone = "with op.get_context().autocommit_block():\n    "
    history = plant(
        tmp_path / "migrations",
        f"{alone}op.create_index('ix', 'book', ['title'], postgresql_concurrently=True, if_not_exists=True)",
        f"{alone}op.drop_index('ix', 'book', postgresql_concurrently=True, if_exists=True)",
    )
    assert stairway(history, PLANTED, databases, backend) == []
