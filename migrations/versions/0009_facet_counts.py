"""Counts of the whole catalogue that a worker keeps, and books by format.

Revision ID: 0009
Revises: 0008
Create Date: 2026-11-30 09:31:44.102938
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

squawk = {
    "prefer-text-field": "the length is that of names that this service chooses itself",
    "prefer-robust-stmts": "an index that an earlier attempt has left is dropped just before",
}


def upgrade() -> None:
    sqlite = op.get_context().dialect.name == "sqlite"
    # On PostgreSQL, an earlier attempt may have ended after the transaction before the index.
    if not _begun():
        op.create_table(
            "kept_count",
            sa.Column("name", sa.String(length=20), nullable=False),
            sa.Column("counts", sa.JSON(none_as_null=True), nullable=True),
            sa.Column("counted_at", sa.DateTime(timezone=True), nullable=True),
            sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
            sa.PrimaryKeyConstraint("name", name=op.f("pk_kept_count")),
        )
    if sqlite:
        op.create_index("ix_book_format_id", "book", ["format", "id"])
    else:
        with op.get_context().autocommit_block():
            # An attempt that was broken off leaves an invalid index.
            op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_book_format_id")
            op.create_index("ix_book_format_id", "book", ["format", "id"], postgresql_concurrently=True)


def downgrade() -> None:
    op.drop_index("ix_book_format_id", "book")
    op.drop_table("kept_count")


def _begun() -> bool:
    context = op.get_context()
    if context.as_sql or context.dialect.name == "sqlite":
        return False
    return op.get_bind().exec_driver_sql("SELECT to_regclass('kept_count')").scalar() is not None
