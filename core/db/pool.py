"""Connections out of a pool and back into it, without waiting where nothing has to be waited for.

SQLAlchemy runs what an asynchronous engine's pool does in a greenlet, a new one each time, in case it has to wait. That
costs more than to take an idle connection and to put it back: docs/decisions/0016-drivers.md.
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
    """A connection out of the pool. Errors: the driver's, and the pool's, where none is to be had."""
    return engine.raw_connection()


async def checkout_async(engine: AsyncEngine) -> PoolProxiedConnection:
    """As `checkout`."""
    with suppress(MissingGreenlet):
        return engine.sync_engine.raw_connection()
    # There was none that is idle, or that could be used, and nothing has been done about it.
    return await engine.raw_connection()


def checkin(connection: PoolProxiedConnection) -> None:
    """Put a connection back into its pool, which ends what it was in the middle of."""
    connection.close()


async def checkin_async(connection: PoolProxiedConnection) -> None:
    """As `checkin`."""
    if is_idle(connection.driver_connection):
        connection.close()
    else:
        await greenlet_spawn(connection.close)


def is_idle(driver: Any) -> bool:
    """Whether a driver's connection is known to be in no transaction. Of SQLite's that is not known."""
    pgconn = getattr(driver, "pgconn", None)
    return pgconn is not None and pgconn.transaction_status == TransactionStatus.IDLE


def pooled_connection(connection: Connection | AsyncConnection) -> PoolProxiedConnection:
    """The pool's connection that one of SQLAlchemy's has in use."""
    if isinstance(connection, AsyncConnection):
        connection = connection.sync_connection  # type: ignore[assignment]
    return connection.connection
