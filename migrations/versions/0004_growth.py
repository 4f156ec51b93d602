"""Lists that cost the same however many rows there are: an index for each order, and one of words.

Revision ID: 0004
Revises: 0003
Create Date: 2026-11-21 18:55:12.402113
"""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

from diptych.core.engine import fulltext_index

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TABLES = ("author", "book", "tag")

squawk = {
    "ban-replace-view-function": "there is none yet, but where this revision was begun and not ended",
}

contracts = {
    f"{table}.{trigger}": "what it does is seen by searches for words alone, which the code before it has none of"
    for table in TABLES
    for trigger in fulltext_index.triggers_of(table)
}

OLD = (
    ("author", "created_at"),
    ("author", "updated_at"),
    ("author", "sort_key"),
    ("book", "created_at"),
    ("book", "updated_at"),
    ("book", "sort_key"),
    ("book", "year"),
    ("book", "language"),
    ("tag", "created_at"),
    ("tag", "updated_at"),
    ("tag", "sort_key"),
)
"""What had an index that did not tell apart rows with one value: it has one that does."""

NEW = (*OLD, ("author", "dob"))


HALF_MADE = """\
DO $$
DECLARE
    index regclass;
BEGIN
    FOR index IN SELECT indexrelid FROM pg_index WHERE NOT indisvalid
        AND indrelid IN (to_regclass('author'), to_regclass('book'), to_regclass('tag'))
    LOOP
        EXECUTE 'DROP INDEX ' || index;
    END LOOP;
END
$$"""
"""Drops what PostgreSQL has left of an index when this revision was begun and not ended: no query uses it."""


def upgrade() -> None:
    if op.get_context().dialect.name == "sqlite":
        for table, column in NEW:
            op.create_index(f"ix_{table}_{column}_id", table, [column, "id"])
        op.create_index("ix_book_isbn_id", "book", ["isbn", "id"], sqlite_where=sa.text("isbn IS NULL"))
        for table, column in OLD:
            op.drop_index(f"ix_{table}_{column}", table)
        for table in TABLES:
            for statement in fulltext_index.of_sqlite(table):
                op.execute(statement)
        return
    op.execute(fulltext_index.of_postgresql())
    op.execute(HALF_MADE)
    with op.get_context().autocommit_block():
        for table, column in NEW:
            create(f"ix_{table}_{column}_id", table, [column, "id"])
        create("ix_book_isbn_id", "book", ["isbn", "id"], postgresql_where=sa.text("isbn IS NULL"))
        for table in TABLES:
            of_words = [sa.text(f"{fulltext_index.FUNCTION}(search_text)")]
            options = {"postgresql_using": "gin", "postgresql_with": {"gin_pending_list_limit": "256"}}
            create(f"ix_{table}_words", table, of_words, **options)
        for table, column in OLD:
            drop(f"ix_{table}_{column}", table)
        for table in TABLES:
            # How rare a word is, PostgreSQL knows only then.
            op.execute(f"ANALYZE {table}")


def downgrade() -> None:
    if op.get_context().dialect.name == "sqlite":
        for table in TABLES:
            for statement in fulltext_index.gone_from_sqlite(table):
                op.execute(statement)
        for table, column in OLD:
            op.create_index(f"ix_{table}_{column}", table, [column])
        op.drop_index("ix_book_isbn_id", "book")
        for table, column in NEW:
            op.drop_index(f"ix_{table}_{column}_id", table)
        return
    with op.get_context().autocommit_block():
        for table, column in OLD:
            create(f"ix_{table}_{column}", table, [column])
        for table in TABLES:
            drop(f"ix_{table}_words", table)
        drop("ix_book_isbn_id", "book")
        for table, column in NEW:
            drop(f"ix_{table}_{column}_id", table)
    op.execute(f"DROP FUNCTION {fulltext_index.FUNCTION}(text)")


def create(name: str, table: str, columns: Sequence[str | sa.TextClause], **options: Any) -> None:
    """Make an index of PostgreSQL's while others write."""
    op.create_index(name, table, columns, postgresql_concurrently=True, if_not_exists=True, **options)


def drop(name: str, table: str) -> None:
    """Drop an index of PostgreSQL's while others write."""
    op.drop_index(name, table, postgresql_concurrently=True, if_exists=True)
