"""A revision only expands the schema for the code before it, or declares what it contracts.

A revision that removes or changes something names it: contracts = {"book.language": "nothing has used it since 1.4"}.
docs/database.md has the rule. The schema of each revision is compared with that of the one before.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support.catalogue import Schema, schema
from tests.support.databases import BACKENDS, Databases
from tests.support.history import PLANTED, History, plant, transaction


def contracted(before: Schema, after: Schema) -> dict[str, str]:
    """Return what code that uses `before` may miss in `after`, or fail on: thing -> how."""
    old, new = needed(before), needed(after)
    changed = [what for what in old if new.get(what) != old[what]]
    added = [what for what in new.keys() - old.keys() if in_the_way(what, before, after)]
    return {name(what): f"{what}: {old.get(what, 'absent')} | {new.get(what, 'absent')}" for what in changed + added}


def needed(of: Schema) -> Schema:
    """Return what code depends on: no comments, no indexes for speed only; constraints stand for their indexes."""
    return {
        what: how
        for what, how in of.items()
        if not what.startswith("comment ")
        and (not what.startswith("index ") or ("UNIQUE" in how and f"constraint {name(what)}" not in of))
    }


def name(what: str) -> str:
    """Return the name in a declaration: "book.language" for "column book.language"."""
    return what.partition(" ")[2].partition(":")[0]


def in_the_way(what: str, before: Schema, after: Schema) -> bool:
    """Return whether something new breaks an INSERT or UPDATE of code that does not know it."""
    kind, how, table = what.partition(" ")[0], after[what], name(what).partition(".")[0]
    if f"relation {table}" not in before:
        return False
    if kind == "column":
        return "NOT NULL" in how and not re.search(r"DEFAULT|identity|generated|GENERATED", how)
    if kind not in ("constraint", "index"):
        return True
    words = set(re.findall(r"\w+", how[how.find("(") :].partition("REFERENCES")[0]))
    concerned = {what for what in after if what.startswith(f"column {table}.") and what.partition(".")[2] in words}
    if concerned & before.keys():
        return True
    # Only of new columns: old code leaves NULL in them, or a default that was valid when it was added; but a second
    # row with the same default violates a unique constraint.
    return "UNIQUE" in how and all("NOT NULL" in after[column] for column in concerned)


def undeclared(history: History, revision: str, databases: Databases) -> list[str]:
    """Return what a revision contracts without a declaration, and declarations without a contraction."""
    script = history.script(revision)
    found: dict[str, str] = {}
    for backend in BACKENDS:
        url = history.before(databases, backend, revision)
        with transaction(url) as connection:
            before = schema(connection)
        history.upgrade(url, revision)
        with transaction(url) as connection:
            found |= contracted(before, schema(connection))
    reasons: dict[str, str] = getattr(script.module, "contracts", {})
    return [
        *(found[what] for what in sorted(found.keys() - reasons.keys())),
        *(f"{what}: is as it was, and needs no reason" for what in sorted(reasons.keys() - found.keys())),
        *(f"{what}: {reason!r} is no reason" for what, reason in reasons.items() if len(reason.split()) < 4),
    ]


@pytest.mark.parametrize("revision", [script.revision for script in History().revisions()])
def test_a_revision_takes_nothing_from_the_code_before_it_or_says_why(databases: Databases, revision: str):
    assert undeclared(History(), revision, databases) == []


CONTRACTING = {
    "a column dropped": ("op.drop_column('idempotency_key', 'status')", "column idempotency_key.status: "),
    "a column renamed": ("op.alter_column('tag', 'description', new_column_name='about')", "column tag.description: "),
    "a table dropped": ("op.drop_table('book_tag')", "relation book_tag: "),
    "a table renamed": ("op.rename_table('book_tag', 'label')", "relation book_tag: "),
    "another type": (
        "with op.batch_alter_table('book') as batch:\n    batch.alter_column('year', type_=sa.String(4))",
        "column book.year: ",
    ),
    "NULL where there was none": (
        "with op.batch_alter_table('book') as batch:\n    batch.alter_column('title', nullable=True)",
        "column book.title: ",
    ),
    "no NULL where it was allowed": (
        "with op.batch_alter_table('author') as batch:\n    batch.alter_column('dob', nullable=False)",
        "column author.dob: ",
    ),
    "a column that must be filled": (
        (
            "with op.batch_alter_table('book') as batch:\n"
            "    batch.add_column(sa.Column('shelves', sa.Integer(), nullable=False))"
        ),
        "column book.shelves: absent",
    ),
    "a value refused": (
        "with op.batch_alter_table('book') as batch:\n    batch.create_check_constraint('year', 'year > 0')",
        "constraint book.ck_book_year: absent",
    ),
    "a value that must be unique": (
        "with op.batch_alter_table('author') as batch:\n    batch.create_unique_constraint('uq_author_name', ['name'])",
        "constraint author.uq_author_name: absent",
    ),
    "a value that must be unique, by an index": (
        "op.create_index('ux_author_name', 'author', ['name'], unique=True)",
        "index author.ux_author_name: absent",
    ),
    "a unique value in a new column, the same by default": (
        (
            "with op.batch_alter_table('book') as batch:\n"
            "    batch.add_column(sa.Column('oclc', sa.String(20), nullable=False, server_default=''))\n"
            "    batch.create_unique_constraint('uq_book_oclc', ['oclc'])"
        ),
        "constraint book.uq_book_oclc: absent",
    ),
    "a reference": (
        "with op.batch_alter_table('tag') as batch:\n    batch.create_foreign_key('fk_tag', 'book', ['id'], ['id'])",
        "constraint tag.fk_tag: absent",
    ),
    "a constraint that upserts and errors name": (
        "with op.batch_alter_table('book') as batch:\n    batch.drop_constraint('uq_book_isbn', type_='unique')",
        "constraint book.uq_book_isbn: UNIQUE (isbn) | absent",
    ),
    "another rule of deletion": (
        (
            "with op.batch_alter_table('book_tag') as batch:\n"
            "    batch.drop_constraint('fk_book_tag_tag_id_tag', type_='foreignkey')\n"
            "    batch.create_foreign_key('fk_book_tag_tag_id_tag', 'tag', ['tag_id'], ['id'])"
        ),
        "constraint book_tag.fk_book_tag_tag_id_tag: ",
    ),
}


@pytest.mark.long
@pytest.mark.parametrize("kind", CONTRACTING)
def test_what_would_break_the_code_before_is_found(databases: Databases, tmp_path: Path, kind: str):
    upgrade, told = CONTRACTING[kind]
    found = undeclared(plant(tmp_path / "migrations", upgrade), PLANTED, databases)
    assert any(each.startswith(told) for each in found), found


EXPANDING = {
    "a column that may be NULL": "op.add_column('book', sa.Column('shelves', sa.Integer()))",
    "a column with a default": (
        "op.add_column('book', sa.Column('shelves', sa.Integer(), server_default='0', nullable=False))"
    ),
    "a value refused in a new column": (
        "with op.batch_alter_table('book') as batch:\n"
        "    batch.add_column(sa.Column('shelves', sa.Integer()))\n"
        "    batch.create_check_constraint('shelves', 'shelves > 0')"
    ),
    "a unique value in a new column": (
        "with op.batch_alter_table('book') as batch:\n"
        "    batch.add_column(sa.Column('oclc', sa.String(20)))\n"
        "    batch.create_unique_constraint('uq_book_oclc', ['oclc'])"
    ),
    "a reference from a new column": (
        "with op.batch_alter_table('book') as batch:\n"
        "    batch.add_column(sa.Column('series_id', sa.Uuid()))\n"
        "    batch.create_foreign_key('fk_book_series', 'tag', ['series_id'], ['id'])"
    ),
    "an index": "op.create_index('ix_book_title', 'book', ['title'])",
    "no index": "op.drop_index('ix_book_author_id', 'book')",
    "a table": (
        "op.create_table('shelf', sa.Column('id', sa.Uuid(), primary_key=True),"
        " sa.Column('book_id', sa.Uuid(), sa.ForeignKey('book.id'), nullable=False, unique=True))"
    ),
}


@pytest.mark.long
@pytest.mark.parametrize("kind", EXPANDING)
def test_what_the_code_before_does_not_notice_is_not_found(databases: Databases, tmp_path: Path, kind: str):
    assert undeclared(plant(tmp_path / "migrations", EXPANDING[kind]), PLANTED, databases) == []


@pytest.mark.parametrize(
    ("declares", "told"),
    [
        ("contracts = {'idempotency_key.status': 'nothing has used it since 1.4'}", None),
        ("contracts = {'idempotency_key.status': 'unused'}", "is no reason"),
        (
            "contracts = {'idempotency_key.status': 'nothing has used it since 1.4', 'tag.name': 'nor this one, ever'}",
            "tag.name",
        ),
    ],
)
def test_a_contraction_stands_in_the_revision_with_its_reason(
    databases: Databases, tmp_path: Path, declares: str, told: str | None
):
    history = plant(tmp_path / "migrations", CONTRACTING["a column dropped"][0], declares=declares)
    found = undeclared(history, PLANTED, databases)
    assert len(found) == (told is not None), found
    assert all(told in each for each in found if told)
