"""One order of slugs, ISBNs and languages on every database: the locale of PostgreSQL's had a say in it.

Revision ID: 0002
Revises: 0001
Create Date: 2026-11-21 11:04:12.310275
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

squawk = {
    "changing-column-type": "only the collation changes: no table is written anew, and the indexes of a million books"
    " take three seconds",
    "prefer-text-field": "the lengths are the API's own limits, and stay what they were",
}

COLUMNS = (("author", "slug", 100), ("book", "slug", 100), ("book", "isbn", 13), ("book", "language", 35))

contracts = {
    f"{table}.{column}": "the values are what they were: only lists that are ordered by it come in another order"
    for table, column, _ in COLUMNS
}


def upgrade() -> None:
    collate("C")


def downgrade() -> None:
    collate("default")


def collate(collation: str) -> None:
    """Have PostgreSQL compare these columns so. The rows stay as they are; the columns' indexes are made anew."""
    if op.get_context().dialect.name == "postgresql":
        for table, column, length in COLUMNS:
            op.alter_column(table, column, type_=sa.String(length, collation=collation))
