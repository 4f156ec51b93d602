"""squawk finds nothing unsafe in a revision's PostgreSQL statements, or the revision says why it is safe here.

A revision's `squawk` names the rule: squawk = {"ban-drop-column": "nothing has read it since 1.4"}.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.history import PLANTED, History, plant
from tests.support.waiting import PATIENCE

SQUAWK = str(Path(sys.executable).with_name("squawk"))
CONFIG = str(Path(__file__).with_name("squawk.toml"))


def found(sql: str) -> dict[str, str]:
    """Return squawk's findings: rule -> the first position, and the reason."""
    command = [SQUAWK, "--config", CONFIG, "--reporter", "json", "--stdin-filepath", "revision.sql"]
    done = subprocess.run(command, input=sql, capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode in (0, 1), done.stderr
    lines = sql.splitlines()
    return {
        each["rule_name"]: f"{lines[each['line']]} -- {each['message']}" for each in reversed(json.loads(done.stdout))
    }


def unexplained(history: History, revision: str) -> list[str]:
    """Return findings that a revision does not explain, and explanations without a finding."""
    script = history.script(revision)
    reasons: dict[str, str] = getattr(script.module, "squawk", {})
    said = found(history.sql(script))
    return [
        *(f"{rule}: {said[rule]}" for rule in said.keys() - reasons.keys()),
        *(f"{rule}: is not said, and needs no reason" for rule in reasons.keys() - said.keys()),
        *(f"{rule}: {reason!r} is no reason" for rule, reason in reasons.items() if len(reason.split()) < 4),
    ]


@pytest.mark.parametrize("revision", [script.revision for script in History().revisions()])
def test_a_revision_is_safe_or_says_why(revision: str):
    assert unexplained(History(), revision) == []


UNSAFE = {
    "require-concurrent-index-creation": "op.create_index('ix_book_title', 'book', ['title'])",
    "require-concurrent-index-deletion": "op.drop_index('ix_book_author_id', 'book')",
    "changing-column-type": "op.alter_column('book', 'year', type_=sa.BigInteger())",
    "adding-required-field": "op.add_column('book', sa.Column('shelves', sa.BigInteger(), nullable=False))",
    "adding-not-nullable-field": "op.alter_column('book', 'year', nullable=False)",
    "adding-foreign-key-constraint": "op.create_foreign_key('fk', 'tag', 'book', ['id'], ['id'])",
    "constraint-missing-not-valid": "op.create_check_constraint('ck', 'book', 'year > 0')",
    "disallowed-unique-constraint": "op.create_unique_constraint('uq', 'book', ['title'])",
    "ban-drop-column": "op.drop_column('book', 'language')",
    "ban-drop-constraint": "op.drop_constraint('uq_book_isbn', 'book')",
    "ban-drop-table": "op.drop_table('book_tag')",
    "renaming-column": "op.alter_column('book', 'language', new_column_name='lang')",
    "renaming-table": "op.rename_table('tag', 'label')",
    "ban-drop-view": "op.execute('DROP VIEW v')",
    "ban-truncate-cascade": "op.execute('TRUNCATE book CASCADE')",
    "ban-concurrent-index-creation-in-transaction": (
        "op.create_index('ix_book_title', 'book', ['title'], postgresql_concurrently=True)"
    ),
    "syntax-error": "op.execute('ALTER book')",
}


@pytest.mark.parametrize("rule", UNSAFE)
def test_what_is_unsafe_is_found(tmp_path: Path, rule: str):
    history = plant(tmp_path / "migrations", UNSAFE[rule])
    assert any(each.startswith(f"{rule}: ") for each in unexplained(history, PLANTED))


SAFE = {
    "nothing": "pass",
    "a column that may be NULL": "op.add_column('book', sa.Column('shelves', sa.BigInteger()))",
    "a column with a default": (
        "op.add_column('book', sa.Column('shelves', sa.BigInteger(), server_default='0', nullable=False))"
    ),
    "an index, made while others write": (
        "with op.get_context().autocommit_block():\n"
        "    op.create_index('ix', 'book', ['title'], postgresql_concurrently=True, if_not_exists=True)"
    ),
    "a table": "op.create_table('shelf', sa.Column('id', sa.Uuid(), primary_key=True))",
}


@pytest.mark.parametrize("kind", SAFE)
def test_what_is_safe_is_not_found(tmp_path: Path, kind: str):
    assert unexplained(plant(tmp_path / "migrations", SAFE[kind]), PLANTED) == []


@pytest.mark.parametrize(
    ("declares", "told"),
    [
        ("squawk = {'ban-drop-column': 'nothing has read it since 1.4'}", None),
        ("squawk = {'ban-drop-column': 'needed'}", "is no reason"),
        ("squawk = {'ban-drop-column': ''}", "is no reason"),
        ("squawk = {}", "ban-drop-column: ALTER TABLE book DROP COLUMN language"),
        (
            "squawk = {'ban-drop-column': 'nothing has read it since 1.4', 'ban-drop-table': 'nothing has read it'}",
            "ban-drop-table: is not said",
        ),
    ],
)
def test_an_exception_stands_in_the_revision_with_its_reason(tmp_path: Path, declares: str, told: str | None):
    history = plant(tmp_path / "migrations", UNSAFE["ban-drop-column"], declares=declares)
    said = unexplained(history, PLANTED)
    assert len(said) == (told is not None), said
    assert all(told in each for each in said if told)
