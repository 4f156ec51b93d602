"""Units of work: a session for reading, or one transaction that is committed before anyone hears of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from advanced_alchemy.config import AsyncSessionConfig, SQLAlchemyAsyncConfig
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from core.database import translate


class Database:
    """One engine with two ways to use it."""

    def __init__(self, config: SQLAlchemyAsyncConfig) -> None:
        engine = config.get_engine()
        self._engine = engine
        self._writing = config
        # A read of one statement needs no transaction: without BEGIN and ROLLBACK it costs a third.
        self._reading = SQLAlchemyAsyncConfig(
            engine_instance=engine.execution_options(isolation_level="AUTOCOMMIT"),
            session_config=AsyncSessionConfig(expire_on_commit=False, autoflush=False),
            metadata=config.metadata,
            bind_key="diptych_reading",
        )

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncSession]:
        """A session whose statements stand each for itself. Errors: as `write`."""
        with translated():
            async with self._reading.get_session() as session:
                yield session

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncSession]:
        """One transaction: committed when the block ends, rolled back when it raises.

        Errors: the CatalogueError that core.database.translate makes of the driver's, the commit's included.
        """
        with translated():
            async with self._writing.get_session() as session:
                yield session
                await session.commit()

    async def close(self) -> None:
        """Close every pooled connection."""
        await self._engine.dispose()


@contextmanager
def translated() -> Iterator[None]:
    """Driver errors as the core's own."""
    try:
        yield
    except SQLAlchemyError as error:
        known = translate(error)
        if known is None:
            raise
        raise known from error
