"""Publishers.

Revision ID: 0004
Revises: 0003
Create Date: 2026-11-21 02:00:00.000000
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

squawk = {
    "prefer-text-field": "the lengths are the API's own limits; to raise one, PostgreSQL writes no table anew",
    "prefer-bigint-over-smallint": "a year stays far below 32767",
}


def upgrade() -> None:
    op.create_table(
        "publisher",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("founded", sa.SmallInteger(), nullable=True),
        sa.Column(
            "slug",
            sa.String(length=100).with_variant(sa.String(length=100, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column("search_text", sa.Text(), nullable=False),
        sa.Column(
            "sort_key",
            sa.String(length=200).with_variant(sa.String(length=200, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_publisher")),
        sa.UniqueConstraint("name", name=op.f("uq_publisher_name")),
        sa.UniqueConstraint("slug", name=op.f("uq_publisher_slug")),
    )
    op.create_index(op.f("ix_publisher_created_at"), "publisher", ["created_at"])
    op.create_index(op.f("ix_publisher_sort_key"), "publisher", ["sort_key"])
    op.create_index(op.f("ix_publisher_updated_at"), "publisher", ["updated_at"])


def downgrade() -> None:
    op.drop_table("publisher")
