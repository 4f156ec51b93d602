"""Publishers.

Revision ID: 0005
Revises: 0004
Create Date: 2026-11-21 02:00:00.000000
"""

import sqlalchemy as sa
from alembic import op

from diptych.core.engine import fulltext_index

revision = "0005"
down_revision = "0004"
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
    for column in ("created_at", "updated_at", "sort_key", "founded"):
        op.create_index(f"ix_publisher_{column}_id", "publisher", [column, "id"])
    if op.get_context().dialect.name == "sqlite":
        for statement in fulltext_index.of_sqlite("publisher"):
            op.execute(statement)
    else:
        of_words = [sa.text(f"{fulltext_index.FUNCTION}(search_text)")]
        options = {"postgresql_using": "gin", "postgresql_with": {"gin_pending_list_limit": "256"}}
        op.create_index("ix_publisher_words", "publisher", of_words, **options)


def downgrade() -> None:
    if op.get_context().dialect.name == "sqlite":
        for statement in fulltext_index.gone_from_sqlite("publisher"):
            op.execute(statement)
    op.drop_table("publisher")
