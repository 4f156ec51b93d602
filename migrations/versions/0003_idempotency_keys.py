"""Keys of requests that may be repeated, with what was answered.

Revision ID: 0003
Revises: 0002
Create Date: 2026-11-21 15:29:53.239425
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

squawk = {
    "prefer-text-field": "the length is the API's own limit; to raise it, PostgreSQL writes no table anew",
    "prefer-bigint-over-smallint": "a status of HTTP has three digits",
}


def upgrade() -> None:
    op.create_table(
        "idempotency_key",
        sa.Column(
            "key",
            sa.String(length=255).with_variant(sa.String(length=255, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("status", sa.SmallInteger(), nullable=True),
        sa.Column("content_type", sa.Text(), nullable=True),
        sa.Column("headers", sa.JSON(), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_idempotency_key")),
    )
    op.create_index(op.f("ix_idempotency_key_created_at"), "idempotency_key", ["created_at"])


def downgrade() -> None:
    op.drop_table("idempotency_key")
