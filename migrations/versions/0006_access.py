"""Accounts, their tokens, and what anonymous clients may do.

Revision ID: 0006
Revises: 0005
Create Date: 2026-11-29 23:58:12.302117
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

from diptych.core.engine import fulltext_index

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

squawk = {
    "prefer-text-field": "the lengths are the API's own limits; to raise one, PostgreSQL writes no table anew",
    "prefer-bigint-over-smallint": "the table has one row",
}

rewrites: dict[str, str] = {}

contracts: dict[str, str] = {}

CATALOGUE = ("author", "book", "tag", "publisher", "series")


def upgrade() -> None:
    op.create_table(
        "access_policy",
        sa.Column("id", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("anonymous", sa.String(length=20), nullable=False),
        sa.Column("chosen", sa.Boolean(), nullable=False),
        sa.CheckConstraint("anonymous IN ('none', 'reader', 'editor')", name=op.f("ck_access_policy_anonymous")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_policy")),
    )
    # A catalogue that exists goes on as before; a new one is not to be written to by everybody.
    rows = " OR ".join(f"EXISTS (SELECT 1 FROM {table})" for table in CATALOGUE)  # noqa: S608 - constants
    op.execute(
        "INSERT INTO access_policy (id, anonymous, chosen)"
        f" SELECT 1, CASE WHEN {rows} THEN 'editor' ELSE 'reader' END, false"
    )
    op.create_table(
        "account",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("password_hash", sa.String(length=255), nullable=True),
        *_searchable_columns(),
        sa.CheckConstraint("kind IN ('person', 'service')", name=op.f("ck_account_kind")),
        sa.CheckConstraint("role IN ('reader', 'editor', 'administrator')", name=op.f("ck_account_role")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account")),
        sa.UniqueConstraint("name", name=op.f("uq_account_name")),
    )
    op.create_table(
        "api_token",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("label", sa.String(length=100), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("last_four", sa.String(length=4), nullable=False),
        sa.Column("scope", sa.String(length=255), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        *_searchable_columns(),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_api_token_account_id_account"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_token")),
    )
    op.create_index("ix_api_token_account_id", "api_token", ["account_id"])
    op.create_index("uq_api_token_digest", "api_token", ["digest"], unique=True)
    _create_sessions()
    _create_second_factors()
    for table in ("account", "api_token"):
        for column in ("created_at", "updated_at", "sort_key"):
            op.create_index(f"ix_{table}_{column}_id", table, [column, "id"])
        fulltext_index.create(op, table)  # type: ignore[arg-type]  # Alembic's proxy of it


def downgrade() -> None:
    op.drop_table("recovery_code")
    op.drop_table("second_factor")
    op.drop_table("sign_in_attempt")
    op.drop_table("browser_session")
    for table in ("api_token", "account"):
        fulltext_index.drop(op, table)  # type: ignore[arg-type]  # Alembic's proxy of it
        op.drop_table(table)
    op.drop_table("access_policy")


def _create_sessions() -> None:
    """Create the tables of people who have signed in, and of attempts to."""
    op.create_table(
        "browser_session",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_browser_session_account_id_account"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_browser_session")),
    )
    op.create_index("ix_browser_session_account_id", "browser_session", ["account_id"])
    op.create_index("ix_browser_session_created_at", "browser_session", ["created_at"])
    op.create_index("uq_browser_session_digest", "browser_session", ["digest"], unique=True)
    op.create_table(
        "sign_in_attempt",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account", _text_in_one_order(64), nullable=False),
        sa.Column("client", _text_in_one_order(64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in_attempt")),
    )
    op.create_index("ix_sign_in_attempt_at", "sign_in_attempt", ["at"])
    for column in ("account", "client"):
        op.create_index(f"ix_sign_in_attempt_{column}_at", "sign_in_attempt", [column, "at"])


def _create_second_factors() -> None:
    """Create the tables of second factors and of their recovery codes."""
    op.create_table(
        "second_factor",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("last_step", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_second_factor_account_id_account"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_second_factor")),
    )
    op.create_table(
        "recovery_code",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["second_factor.account_id"],
            name=op.f("fk_recovery_code_account_id_second_factor"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("account_id", "digest", name=op.f("pk_recovery_code")),
    )


def _text_in_one_order(length: int) -> Any:
    return sa.String(length=length).with_variant(sa.String(length=length, collation="C"), "postgresql")


def _searchable_columns() -> list[sa.Column[Any]]:
    return [
        sa.Column("search_text", sa.Text(), nullable=False),
        sa.Column("sort_key", _text_in_one_order(200), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
    ]
