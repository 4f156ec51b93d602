"""How Alembic runs the history; diptych.core.db.migration_lock says how it is kept from harm."""

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
    """A migration stands for itself: types that a library may change later are written as what they store."""
    if kind == "type" and isinstance(item, DateTimeUTC):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(item, FixedDecimal):
        return f"sa.Numeric({item.precision}, {item.scale}).with_variant(sa.BigInteger(), 'sqlite')"
    return False


def configure(**options: Any) -> None:
    """Tell Alembic what to compare and where the version is kept."""
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
    """Run on the database. What changes it does so alone: of two upgrades at once the second finds nothing to do."""
    with engine.connect() as connection:
        configure(connection=connection)
        if "destination_rev" not in context.get_context().opts:
            # It compares, or tells.
            with comparing(), context.begin_transaction():
                context.run_migrations()
            connection.commit()
        elif connection.dialect.name == "postgresql":
            change_postgresql(connection)
        else:
            change_sqlite(connection)


def change_postgresql(connection: Connection) -> None:
    """Each revision in a transaction of its own, which gives up rather than hold up the service."""
    plan = migration_lock.Plan(context.get_context().opts["fn"])
    with migration_lock.hold_lock(engine) as check:

        def applied(**told: Any) -> None:
            check()
            plan.applied(**told)

        def run() -> None:
            configure(connection=connection, fn=plan.remaining, on_version_apply=applied)
            with context.begin_transaction():
                context.run_migrations()
            connection.commit()

        migration_lock.limit(connection)
        migration_lock.retry_on_lock_timeout(plan, connection, run)


def change_sqlite(connection: Connection) -> None:
    """All revisions in one transaction: nobody else can write before it ends, and SQLite undoes DDL as well."""
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
