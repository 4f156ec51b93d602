"""Indexes for the books that have a link, and for those that have an e-book.

Revision ID: 0014
Revises: 0013
Create Date: 2026-11-30 13:20:11.302184
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

squawk = {
    "prefer-robust-stmts": "an index that an earlier attempt has left is dropped just before",
}

INDEXES = {
    "ix_book_created_at_id_of_links": ("book", ["created_at", "id"], "url IS NOT NULL"),
    "ix_book_sort_key_id_of_links": ("book", ["sort_key", "id"], "url IS NOT NULL"),
    "ix_book_file_ebook": ("book_file", ["book_id"], "kind = 'ebook'"),
}


def upgrade() -> None:
    if op.get_context().dialect.name == "sqlite":
        for name, (table, columns, condition) in INDEXES.items():
            op.create_index(name, table, columns, sqlite_where=sa.text(condition))
        return
    with op.get_context().autocommit_block():
        for name, (table, columns, condition) in INDEXES.items():
            # An attempt that was broken off leaves an invalid index.
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
            options: dict[str, Any] = {"postgresql_where": sa.text(condition), "postgresql_concurrently": True}
            op.create_index(name, table, columns, **options)


def downgrade() -> None:
    for name, (table, _, _) in INDEXES.items():
        op.drop_index(name, table)
