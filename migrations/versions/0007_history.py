"""The history of the catalogue, every change of a row, and security events, both recorded by triggers.

Revision ID: 0007
Revises: 0006
Create Date: 2026-11-30 00:04:12.640915
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from diptych.core.engine import history_triggers
from diptych.core.engine.history_triggers import Recorded

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

RECORDED = (
    Recorded(
        "author",
        "",
        "author",
        "id",
        ("id", "name", "dob", "kind", "sort_name", "birth_year", "death_year", "slug", "created_at"),
        ("id",),
        ("created_at",),
    ),
    Recorded("publisher", "", "publisher", "id", ("id", "name", "slug", "created_at"), ("id",), ("created_at",)),
    Recorded("series", "", "series", "id", ("id", "name", "slug", "created_at"), ("id",), ("created_at",)),
    Recorded("tag", "", "tag", "id", ("id", "name", "description", "scheme", "created_at"), ("id",), ("created_at",)),
    Recorded("author_name", "names", "author", "author_id", ("name",), ()),
    Recorded(
        "book",
        "",
        "book",
        "id",
        (
            "id",
            "title",
            "author_id",
            "isbn",
            "year",
            "language",
            "description",
            "subtitle",
            "publisher_id",
            "edition",
            "format",
            "pages",
            "published",
            "original_title",
            "original_language",
            "original_year",
            "url",
            "slug",
            "created_at",
        ),
        ("id", "author_id", "publisher_id"),
        ("created_at",),
    ),
    Recorded("publisher_name", "names", "publisher", "publisher_id", ("name",), ()),
    Recorded("tag_name", "names", "tag", "tag_id", ("name",), ()),
    Recorded("book_contributor", "contributors", "book", "book_id", ("position", "author_id", "role"), ("author_id",)),
    Recorded("book_identifier", "identifiers", "book", "book_id", ("identifier",), ()),
    Recorded("book_series", "series", "book", "book_id", ("series_id", "position", "number"), ("series_id",)),
    Recorded(
        "book_source",
        "sources",
        "book",
        "book_id",
        ("digest", "format", "record_id", "imported_at"),
        (),
        ("imported_at",),
    ),
    Recorded("book_tag", "tags", "book", "book_id", ("tag_id",), ("tag_id",)),
    Recorded(
        "access_policy",
        "",
        "access_policy",
        "",
        ("id", "anonymous", "chosen"),
        (),
        noun="policy",
        omitted=("search_text", "sort_key", "updated_at"),
    ),
    Recorded(
        "account",
        "",
        "account",
        "id",
        ("id", "name", "kind", "role", "active", "created_at"),
        ("id",),
        ("created_at",),
        "account",
        ("search_text", "sort_key", "updated_at", "password_hash"),
    ),
    Recorded(
        "api_token",
        "",
        "api_token",
        "account_id",
        ("id", "account_id", "label", "last_four", "scope", "expires_at", "created_at"),
        ("id", "account_id"),
        ("expires_at", "created_at"),
        "token",
        ("search_text", "sort_key", "updated_at", "digest", "last_used_at"),
    ),
    Recorded(
        "second_factor",
        "",
        "second_factor",
        "account_id",
        ("account_id", "created_at", "confirmed_at"),
        ("account_id",),
        ("created_at", "confirmed_at"),
        "second_factor",
        ("search_text", "sort_key", "updated_at", "secret", "last_step"),
    ),
)

squawk = {
    "ban-replace-view-function": "there is none yet: this revision is one transaction",
}

contracts = {
    f"{recorded.table}.{trigger}": "it writes into a table of its own, which the code before it does not read"
    for recorded in RECORDED
    for trigger in history_triggers.triggers_of(recorded.table)
}


def upgrade() -> None:
    state = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
    op.create_table(
        "change",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), sa.Identity(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("principal", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("via", sa.Text(), nullable=False),
        sa.Column("request_id", sa.Text(), nullable=True),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("resource", sa.Text(), nullable=False),
        sa.Column("resource_id", sa.Uuid(), nullable=False),
        sa.Column("before", state, nullable=True),
        sa.Column("after", state, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_change")),
    )
    op.create_index("ix_change_at_id", "change", ["at", "id"])
    op.create_index("ix_change_resource_id_id", "change", ["resource_id", "id"])
    _create_partial_index("ix_change_principal_id", ["principal", "id"])
    _create_partial_index("ix_change_request_id_id", ["request_id", "id"])
    op.create_table(
        "security_event",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), sa.Identity(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("principal", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("via", sa.Text(), nullable=False),
        sa.Column("request_id", sa.Text(), nullable=True),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("client", sa.Text(), nullable=True),
        sa.Column("before", state, nullable=True),
        sa.Column("after", state, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_security_event")),
    )
    op.create_index("ix_security_event_account_id_id", "security_event", ["account_id", "id"])
    op.create_index("ix_security_event_at_id", "security_event", ["at", "id"])
    if op.get_context().dialect.name == "sqlite":
        op.execute(history_triggers.SOURCE_TABLE)
    else:
        for statement in history_triggers.of_postgresql().values():
            op.execute(statement)
    # These wait for the transactions that write now, and keep others from writing until the end of this revision,
    # which reads no row.
    for recorded in RECORDED:
        history_triggers.create(op, recorded)  # type: ignore[arg-type]  # Alembic's proxy of it


def downgrade() -> None:
    for recorded in RECORDED:
        history_triggers.drop(op, recorded.table)  # type: ignore[arg-type]  # Alembic's proxy of it
    if op.get_context().dialect.name == "sqlite":
        op.drop_table(history_triggers.SOURCE)
    else:
        for name in history_triggers.of_postgresql():
            op.execute(f"DROP FUNCTION {name}()")
    op.drop_table("security_event")
    op.drop_table("change")


def _create_partial_index(name: str, columns: list[str]) -> None:
    there = sa.text(f"{columns[0]} IS NOT NULL")
    op.create_index(name, "change", columns, postgresql_where=there, sqlite_where=there)
