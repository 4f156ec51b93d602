"""Files of books: covers and e-books.

Revision ID: 0010
Revises: 0009
Create Date: 2026-11-30 09:40:12.118203
"""

import sqlalchemy as sa
from alembic import op

from diptych.core.engine import history_triggers
from diptych.core.engine.history_triggers import Recorded

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

RECORDED = Recorded(
    "book_file", "files", "book", "book_id", ("id", "kind", "name", "sha256", "created_at"), ("id",), ("created_at",)
)

squawk = {
    "prefer-text-field": "the lengths are those of names that this service chooses itself, or limits",
}


def upgrade() -> None:
    digest = sa.String(length=64).with_variant(sa.String(length=64, collation="C"), "postgresql")
    op.create_table(
        "file",
        sa.Column("sha256", digest, nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("media_type", sa.String(length=100), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("unreferenced_since", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('pending', 'ready', 'deleting')", name=op.f("ck_file_state")),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_file")),
    )
    there = sa.text("unreferenced_since IS NOT NULL")
    op.create_index(
        "ix_file_unreferenced_since", "file", ["unreferenced_since"], postgresql_where=there, sqlite_where=there
    )
    op.create_table(
        "book_file",
        sa.Column("book_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=True),
        sa.Column("sha256", digest, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('cover', 'ebook')", name=op.f("ck_book_file_kind")),
        sa.ForeignKeyConstraint(["book_id"], ["book.id"], name=op.f("fk_book_file_book_id_book"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["sha256"], ["file.sha256"], name=op.f("fk_book_file_sha256_file"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("book_id", "id", name=op.f("pk_book_file")),
        sa.UniqueConstraint("book_id", "kind", "sha256", name=op.f("uq_book_file_book_id")),
    )
    op.create_index("ix_book_file_sha256", "book_file", ["sha256"])
    history_triggers.create(op, RECORDED)  # type: ignore[arg-type]  # Alembic's proxy of it


def downgrade() -> None:
    history_triggers.drop(op, "book_file")  # type: ignore[arg-type]  # Alembic's proxy of it
    op.drop_table("book_file")
    op.drop_table("file")
