"""Check connections out of a pool and back in, without a greenlet where nothing waits.

SQLAlchemy runs the pool of an async engine in a new greenlet each time, in case it has to wait. That costs more than
the checkout of an idle connection itself: docs/decisions/0016-drivers.md.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from psycopg.pq import TransactionStatus
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import MissingGreenlet
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlalchemy.pool import PoolProxiedConnection
from sqlalchemy.util import greenlet_spawn


def checkout(engine: Engine) -> PoolProxiedConnection:
    """Check a connection out of the pool. Errors: the driver's, and the pool's where none is available."""
    return engine.raw_connection()


async def checkout_async(engine: AsyncEngine) -> PoolProxiedConnection:
    """Check a connection out, as `checkout`."""
    with suppress(MissingGreenlet):
        return engine.sync_engine.raw_connection()
    # No idle connection could be used; SQLAlchemy has raised before changing anything.
    return await engine.raw_connection()


def checkin(connection: PoolProxiedConnection) -> None:
    """Return a connection to its pool, which rolls back an open transaction."""
    connection.close()


async def checkin_async(connection: PoolProxiedConnection) -> None:
    """Return a connection, as `checkin`."""
    if is_idle(connection.driver_connection):
        connection.close()
    else:
        await greenlet_spawn(connection.close)


def is_idle(driver: Any) -> bool:
    """Return whether a driver's connection is known to be in no transaction. SQLite's drivers do not tell."""
    pgconn = getattr(driver, "pgconn", None)
    return pgconn is not None and pgconn.transaction_status == TransactionStatus.IDLE


def pooled_connection(connection: Connection | AsyncConnection) -> PoolProxiedConnection:
    """Return the pool's connection behind a SQLAlchemy connection."""
    if isinstance(connection, AsyncConnection):
        connection = connection.sync_connection  # type: ignore[assignment]
    return connection.connection
