"""Jobs: work that outlives the request that asked for it.

Revision ID: 0008
Revises: 0007
Create Date: 2026-11-30 04:02:18.220731
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

squawk = {
    "prefer-text-field": "the lengths are those of names that this service chooses itself",
    "prefer-bigint-over-int": "attempts are counted to five",
}


def upgrade() -> None:
    state = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
    op.create_table(
        "job",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("type", sa.String(length=50), nullable=False),
        sa.Column("parameters", state, nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("principal", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("via", sa.Text(), nullable=False),
        sa.Column("request_id", sa.Text(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("lease", sa.Uuid(), nullable=True),
        sa.Column("available_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("position", state, nullable=True),
        sa.Column("done", sa.BigInteger(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=True),
        sa.Column("counts", state, nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('queued', 'running', 'succeeded', 'failed', 'cancelled')", name=op.f("ck_job_state")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job")),
    )
    op.create_index("ix_job_principal_id", "job", ["principal", "id"])
    for column in ("available_at", "finished_at"):
        there = sa.text(f"{column} IS NOT NULL")
        op.create_index(f"ix_job_{column}", "job", [column], postgresql_where=there, sqlite_where=there)


def downgrade() -> None:
    op.drop_table("job")
