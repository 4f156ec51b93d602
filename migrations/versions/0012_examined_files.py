"""What is found in files: copies of images for display, metadata of e-books.

Revision ID: 0012
Revises: 0011
Create Date: 2026-11-30 10:20:31.402117
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

squawk = {
    "prefer-bigint-over-int": "an image has at most 40 million pixels",
    "prefer-text-field": "the lengths are those of names that this service chooses itself",
}


def upgrade() -> None:
    digest = sa.String(length=64).with_variant(sa.String(length=64, collation="C"), "postgresql")
    op.create_table(
        "file_copy",
        sa.Column("original", digest, nullable=False),
        sa.Column("size", sa.String(length=10), nullable=False),
        sa.Column("media_type", sa.String(length=100), nullable=False),
        sa.Column("sha256", digest, nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["original"], ["file.sha256"], name=op.f("fk_file_copy_original_file"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["sha256"], ["file.sha256"], name=op.f("fk_file_copy_sha256_file"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("original", "size", "media_type", name=op.f("pk_file_copy")),
    )
    op.create_index("ix_file_copy_sha256", "file_copy", ["sha256"])
    op.create_table(
        "file_description",
        sa.Column("sha256", digest, nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["sha256"], ["file.sha256"], name=op.f("fk_file_description_sha256_file"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_file_description")),
    )


def downgrade() -> None:
    op.drop_table("file_description")
    op.drop_table("file_copy")
