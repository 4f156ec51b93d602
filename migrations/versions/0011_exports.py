"""Files that exports over HTTP have written.

Revision ID: 0011
Revises: 0009
Create Date: 2026-11-30 10:04:31.402117
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

squawk = {"prefer-bigint-over-int": "a file has as many parts as fit into 32 bits"}


def upgrade() -> None:
    op.create_table(
        "export_chunk",
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["job.id"], name=op.f("fk_export_chunk_job_id_job"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("job_id", "number", name=op.f("pk_export_chunk")),
    )


def downgrade() -> None:
    op.drop_table("export_chunk")
