"""Files of exports in the store of files, and which account has sent which file.

Revision ID: 0013
Revises: 0012
Create Date: 2026-11-30 13:25:44.902117
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

squawk = {"prefer-text-field": "the length is that of a digest"}


def upgrade() -> None:
    digest = sa.String(length=64).with_variant(sa.String(length=64, collation="C"), "postgresql")
    op.create_table(
        "export_file",
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column("sha256", digest, nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["job.id"], name=op.f("fk_export_file_job_id_job"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["sha256"], ["file.sha256"], name=op.f("fk_export_file_sha256_file"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("job_id", name=op.f("pk_export_file")),
    )
    op.create_index("ix_export_file_sha256", "export_file", ["sha256"])
    op.create_table(
        "file_sender",
        sa.Column("principal", sa.Uuid(), nullable=False),
        sa.Column("sha256", digest, nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["sha256"], ["file.sha256"], name=op.f("fk_file_sender_sha256_file"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("principal", "sha256", name=op.f("pk_file_sender")),
    )
    op.create_index("ix_file_sender_sha256", "file_sender", ["sha256"])


def downgrade() -> None:
    op.drop_table("file_sender")
    op.drop_table("export_file")
