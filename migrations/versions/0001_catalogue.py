"""The catalogue: authors, books, tags, and what ties them together.

Revision ID: 0001
Revises:
Create Date: 2026-11-21 01:42:31.597428
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

squawk = {
    "prefer-text-field": "the lengths are the API's own limits; to raise one, PostgreSQL writes no table anew",
    "prefer-bigint-over-smallint": "a year, and a position among a book's contributors, stay far below 32767",
}


def upgrade() -> None:
    op.create_table(
        "author",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("dob", sa.Date(), nullable=True),
        sa.Column("slug", sa.String(length=100), nullable=False),
        sa.Column("search_text", sa.Text(), nullable=False),
        sa.Column(
            "sort_key",
            sa.String(length=200).with_variant(sa.String(length=200, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_author")),
        sa.UniqueConstraint("slug", name=op.f("uq_author_slug")),
    )
    op.create_index(op.f("ix_author_created_at"), "author", ["created_at"])
    op.create_index(op.f("ix_author_name"), "author", ["name"])
    op.create_index(op.f("ix_author_sort_key"), "author", ["sort_key"])
    op.create_index(op.f("ix_author_updated_at"), "author", ["updated_at"])

    op.create_table(
        "tag",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("search_text", sa.Text(), nullable=False),
        sa.Column(
            "sort_key",
            sa.String(length=200).with_variant(sa.String(length=200, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tag")),
        sa.UniqueConstraint("name", name=op.f("uq_tag_name")),
    )
    op.create_index(op.f("ix_tag_created_at"), "tag", ["created_at"])
    op.create_index(op.f("ix_tag_sort_key"), "tag", ["sort_key"])
    op.create_index(op.f("ix_tag_updated_at"), "tag", ["updated_at"])

    op.create_table(
        "book",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.String(length=1000), nullable=False),
        sa.Column("author_id", sa.Uuid(), nullable=False),
        sa.Column("isbn", sa.String(length=13), nullable=True),
        sa.Column("year", sa.SmallInteger(), nullable=True),
        sa.Column("language", sa.String(length=35), nullable=True),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("slug", sa.String(length=100), nullable=False),
        sa.Column("search_text", sa.Text(), nullable=False),
        sa.Column(
            "sort_key",
            sa.String(length=200).with_variant(sa.String(length=200, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["author_id"], ["author.id"], name=op.f("fk_book_author_id_author"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_book")),
        sa.UniqueConstraint("isbn", name=op.f("uq_book_isbn")),
        sa.UniqueConstraint("slug", name=op.f("uq_book_slug")),
    )
    op.create_index(op.f("ix_book_author_id"), "book", ["author_id"])
    op.create_index(op.f("ix_book_created_at"), "book", ["created_at"])
    op.create_index(op.f("ix_book_language"), "book", ["language"])
    op.create_index(op.f("ix_book_sort_key"), "book", ["sort_key"])
    op.create_index(op.f("ix_book_updated_at"), "book", ["updated_at"])
    op.create_index(op.f("ix_book_year"), "book", ["year"])

    op.create_table(
        "book_contributor",
        sa.Column("book_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("author_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.CheckConstraint(
            "role IN ('author', 'editor', 'translator', 'illustrator', 'other')", name=op.f("ck_book_contributor_role")
        ),
        sa.ForeignKeyConstraint(
            ["author_id"], ["author.id"], name=op.f("fk_book_contributor_author_id_author"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["book_id"], ["book.id"], name=op.f("fk_book_contributor_book_id_book"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("book_id", "position", name=op.f("pk_book_contributor")),
        sa.UniqueConstraint("book_id", "author_id", "role", name=op.f("uq_book_contributor_book_id")),
    )
    op.create_index(op.f("ix_book_contributor_author_id"), "book_contributor", ["author_id"])

    op.create_table(
        "book_tag",
        sa.Column("book_id", sa.Uuid(), nullable=False),
        sa.Column("tag_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["book_id"], ["book.id"], name=op.f("fk_book_tag_book_id_book"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["tag_id"], ["tag.id"], name=op.f("fk_book_tag_tag_id_tag"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("book_id", "tag_id", name=op.f("pk_book_tag")),
    )
    op.create_index(op.f("ix_book_tag_tag_id"), "book_tag", ["tag_id"])


def downgrade() -> None:
    for table in ("book_tag", "book_contributor", "book", "tag", "author"):
        op.drop_table(table)
