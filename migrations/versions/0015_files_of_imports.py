"""Files of imports in the store of files.

Revision ID: 0015
Revises: 0014
Create Date: 2026-11-30 17:05:18.440172
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

squawk = {"prefer-text-field": "the length is that of a digest"}


def upgrade() -> None:
    digest = sa.String(length=64).with_variant(sa.String(length=64, collation="C"), "postgresql")
    op.create_table(
        "import_content",
        sa.Column("import_id", sa.Uuid(), nullable=False),
        sa.Column("sha256", digest, nullable=False),
        sa.ForeignKeyConstraint(
            ["import_id"],
            ["import_file.id"],
            name=op.f("fk_import_content_import_id_import_file"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["sha256"], ["file.sha256"], name=op.f("fk_import_content_sha256_file"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("import_id", name=op.f("pk_import_content")),
    )
    op.create_index("ix_import_content_sha256", "import_content", ["sha256"])


def downgrade() -> None:
    op.drop_table("import_content")
