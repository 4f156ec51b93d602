"""Alembic's environment; diptych.core.db.migration_lock makes running it safe."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from advanced_alchemy.types import DateTimeUTC
from alembic import context
from sqlalchemy import Connection, Engine

from diptych.core.catalogue.models import Base
from diptych.core.db import migration_lock
from diptych.core.db.schema_diff import comparing, ours
from diptych.core.engine.fixed_decimal import FixedDecimal

if TYPE_CHECKING:
    from advanced_alchemy.alembic.commands import AlembicCommandConfig

config: AlembicCommandConfig = context.config  # type: ignore[assignment]
engine: Engine = config.engine  # type: ignore[assignment]  # diptych.core.database configures it


def render_item(kind: str, item: Any, _: Any) -> str | Literal[False]:
    """Render a type as what it stores, so that a later change of the type leaves the migration alone."""
    if kind == "type" and isinstance(item, DateTimeUTC):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(item, FixedDecimal):
        return f"sa.Numeric({item.precision}, {item.scale}).with_variant(sa.BigInteger(), 'sqlite')"
    return False


def configure(**options: Any) -> None:
    """Configure what Alembic compares and where the version is kept."""
    options.setdefault("transaction_per_migration", True)
    context.configure(
        target_metadata=Base.metadata,
        compare_type=config.compare_type,
        version_table=config.version_table_name,
        version_table_schema=config.version_table_schema,
        version_table_pk=config.version_table_pk,
        user_module_prefix=config.user_module_prefix,
        render_as_batch=config.render_as_batch,
        render_item=render_item,
        include_name=ours(Base.metadata),
        **options,
    )


def run_offline() -> None:
    """Write SQL instead of running it."""
    configure(url=config.db_url, literal_binds=True, dialect_opts={"paramstyle": "named"}, transactional_ddl=True)
    with context.begin_transaction():
        context.run_migrations()


def run_online() -> None:
    """Run on the database; changes hold the migration lock, so the second of two upgrades finds nothing to do."""
    with engine.connect() as connection:
        configure(connection=connection)
        if "destination_rev" not in context.get_context().opts:
            # A command that compares or prints.
            with comparing(), context.begin_transaction():
                context.run_migrations()
            connection.commit()
        elif connection.dialect.name == "postgresql":
            change_postgresql(connection)
        else:
            change_sqlite(connection)


def change_postgresql(connection: Connection) -> None:
    """Run each revision in its own transaction, with short lock timeouts so as not to block the service."""
    plan = migration_lock.Plan(context.get_context().opts["fn"])
    with migration_lock.hold_lock(engine) as check:

        def applied(**options: Any) -> None:
            check()
            plan.applied(**options)

        def run() -> None:
            configure(connection=connection, fn=plan.remaining, on_version_apply=applied)
            with context.begin_transaction():
                context.run_migrations()
            connection.commit()

        migration_lock.limit(connection)
        migration_lock.retry_on_lock_timeout(plan, connection, run)


def change_sqlite(connection: Connection) -> None:
    """Run all revisions in one transaction: SQLite has transactional DDL, and others write only after it ends."""
    plan = migration_lock.Plan(context.get_context().opts["fn"])
    with migration_lock.without_foreign_keys(connection) as check:
        configure(
            connection=connection,
            fn=plan.remaining,
            on_version_apply=plan.applied,
            transactional_ddl=True,
            transaction_per_migration=False,
        )
        migration_lock.begin_exclusive(connection)
        with context.begin_transaction():
            context.run_migrations()
            if plan.changed:
                check()


if context.is_offline_mode():
    run_offline()
else:
    run_online()
