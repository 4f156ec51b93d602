"""Jobs: work that outlives the request that asked for it, and files that are to be imported.

Revision ID: 0008
Revises: 0007
Create Date: 2026-11-30 04:02:18.220731
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

squawk = {
    "prefer-text-field": "the lengths are those of names that this service chooses itself",
    "prefer-bigint-over-int": "attempts are counted to five, and a file has as many chunks as fit into 32 bits",
}


def upgrade() -> None:
    json = sa.JSON(none_as_null=True)
    op.create_table(
        "job",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("type", sa.String(length=50), nullable=False),
        sa.Column("parameters", json, nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("principal", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("via", sa.Text(), nullable=False),
        sa.Column("request_id", sa.Text(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("lease", sa.Uuid(), nullable=True),
        sa.Column("available_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("position", json, nullable=True),
        sa.Column("done", sa.BigInteger(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=True),
        sa.Column("counts", json, nullable=False),
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
    _create_imports()


def downgrade() -> None:
    for table in ("import_reject", "import_chunk", "import_file", "job"):
        op.drop_table(table)


def _create_imports() -> None:
    """Create the tables of files, of their contents, and of the rows of them that were rejected."""
    json = sa.JSON(none_as_null=True)
    op.create_table(
        "import_file",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=True),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("principal", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("preview", json, nullable=True),
        sa.Column("columns", json, nullable=True),
        sa.Column("left_out", json, nullable=True),
        sa.Column("job_id", sa.Uuid(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_file")),
    )
    op.create_index("ix_import_file_created_at", "import_file", ["created_at"])
    op.create_index("ix_import_file_principal_id", "import_file", ["principal", "id"])
    op.create_table(
        "import_chunk",
        sa.Column("import_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        _of_file("import_chunk"),
        sa.PrimaryKeyConstraint("import_id", "number", name=op.f("pk_import_chunk")),
    )
    op.create_table(
        "import_reject",
        sa.Column("import_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("line", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("raw", sa.Text(), nullable=False),
        _of_file("import_reject"),
        sa.PrimaryKeyConstraint("import_id", "number", name=op.f("pk_import_reject")),
    )


def _of_file(table: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_import_id_import_file")
    return sa.ForeignKeyConstraint(["import_id"], ["import_file.id"], name=name, ondelete="CASCADE")
