"""How Alembic runs the history: one transaction for each revision, one process at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from advanced_alchemy.types import DateTimeUTC
from alembic import context
from sqlalchemy import Connection, text

from core.models import Base

if TYPE_CHECKING:
    from advanced_alchemy.alembic.commands import AlembicCommandConfig

config: AlembicCommandConfig = context.config  # type: ignore[assignment]

LOCK = 0x646970747963
"""The advisory lock that a migrating process holds on PostgreSQL: "diptyc" in ASCII."""


def render_item(kind: str, item: Any, _: Any) -> str | Literal[False]:
    """A migration stands for itself: types that a library may change later are written as what they store."""
    return "sa.DateTime(timezone=True)" if kind == "type" and isinstance(item, DateTimeUTC) else False


def configure(**where: Any) -> None:
    """Tell Alembic what to compare and where the version is kept."""
    context.configure(
        target_metadata=Base.metadata,
        compare_type=config.compare_type,
        version_table=config.version_table_name,
        version_table_schema=config.version_table_schema,
        version_table_pk=config.version_table_pk,
        user_module_prefix=config.user_module_prefix,
        render_as_batch=config.render_as_batch,
        render_item=render_item,
        transaction_per_migration=True,
        **where,
    )


def run_offline() -> None:
    """Write SQL instead of running it."""
    configure(url=config.db_url, literal_binds=True, dialect_opts={"paramstyle": "named"})
    with context.begin_transaction():
        context.run_migrations()


def run_online() -> None:
    """Run on the database, alone: of two upgrades at once the second waits and finds nothing to do."""
    with config.engine.connect() as connection:
        with exclusive(connection):
            configure(connection=connection)
            with context.begin_transaction():
                context.run_migrations()
        connection.commit()


class exclusive:  # noqa: N801 - reads as the statement it is
    """Hold PostgreSQL's advisory lock. SQLite's writers exclude each other by themselves."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.needed = connection.dialect.name == "postgresql"

    def __enter__(self) -> None:
        if self.needed:
            self.connection.execute(text("SELECT pg_advisory_lock(:lock)"), {"lock": LOCK})
            self.connection.commit()

    def __exit__(self, *_: object) -> None:
        if self.needed:
            if self.connection.in_transaction():
                self.connection.rollback()
            self.connection.execute(text("SELECT pg_advisory_unlock(:lock)"), {"lock": LOCK})
            self.connection.commit()


if context.is_offline_mode():
    run_offline()
else:
    run_online()
