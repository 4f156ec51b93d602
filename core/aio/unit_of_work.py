"""Units of work: a session for reading, or one transaction that is committed before anyone hears of it."""

from __future__ import annotations

import random
from asyncio import sleep
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import TypeVar

from advanced_alchemy.config import AsyncSessionConfig, SQLAlchemyAsyncConfig
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.ext.asyncio.engine import AsyncConnection

from core import deadlines
from core.database import NONE, SNAPSHOT, TRANSACTION, begin_by_hand, translate
from core.errors import CatalogueError, Contention, Disconnected, Unavailable
from core.observing.waiting import watch

ATTEMPTS = 5
"""Times a unit of work is tried when other writers were quicker."""

T = TypeVar("T")
Reading = Callable[[AsyncConnection], Awaitable[T]]
Work = Callable[[AsyncSession], Awaitable[T]]


class Database:
    """One engine with three ways to use it."""

    def __init__(self, config: SQLAlchemyAsyncConfig) -> None:
        engine = config.get_engine()
        begin_by_hand(engine)
        watch(engine.dialect)
        self._engine = engine
        self._writing = SQLAlchemyAsyncConfig(
            engine_instance=engine,
            # The library looks for each of its listeners in three places, at each flush and commit.
            session_config=AsyncSessionConfig(
                expire_on_commit=False, autoflush=False, info={"enable_cache_listener": False}
            ),
            metadata=config.metadata,
            bind_key="diptych_writing",
            enable_file_object_listener=False,
            enable_touch_updated_timestamp_listener=False,
        )
        # A read of one statement needs no transaction: without BEGIN and ROLLBACK it costs a third.
        self._reading = engine.execution_options(**{TRANSACTION: NONE})
        self._snapshot = engine.execution_options(**{TRANSACTION: SNAPSHOT})

    async def read(self, work: Reading[T], *, agreeing: bool = False) -> T:
        """Run `work` with a connection whose statements stand each for itself, or all see one state (`agreeing`).

        Errors: as `write`.
        """
        engine = self._snapshot if agreeing else self._reading

        async def unit() -> T:
            async with engine.connect() as connection:
                return await work(connection)

        return await self._attempt(unit)

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[AsyncConnection]:
        """A connection whose statements all see the database as it was at the first. Errors: as `write`."""
        with translated():
            async with self._snapshot.connect() as connection:
                yield connection

    async def write(self, work: Work[T]) -> T:
        """Run `work` in one transaction, and return when it is committed; whatever it raises rolls it back.

        Work that lost a race for something the core chose itself runs again, in a transaction of its own, and so does
        work that lost its connection: once, for a pool may hold connections to a server that has gone and come back.

        Errors: the CatalogueError that core.database.translate makes of the driver's, the commit's included;
        Unavailable after ATTEMPTS lost races.
        """

        async def unit() -> T:
            async with self._writing.get_session() as session:
                result = await work(session)
                with _committing():
                    await session.commit()
                return result

        return await self._attempt(unit)

    async def _attempt(self, unit: Callable[[], Awaitable[T]]) -> T:
        lost: CatalogueError | None = None
        reconnected = False
        for _ in range(ATTEMPTS):
            deadlines.check()
            try:
                with translated():
                    return await unit()
            except Disconnected as error:
                if reconnected:
                    raise
                lost, reconnected = error, True
            except Contention as error:
                lost = error
                await sleep(random.uniform(0, 0.02))  # noqa: S311 - so that two do not collide in step
        assert lost is not None  # noqa: S101 - there were attempts
        raise Unavailable(lost.detail) from lost

    async def close(self) -> None:
        """Close every pooled connection."""
        await self._engine.dispose()


@contextmanager
def _committing() -> Iterator[None]:
    """When COMMIT may have arrived, nobody here knows whether it was done: it is not a connection lost before."""
    try:
        with translated():
            yield
    except Disconnected as error:
        raise Unavailable(error.detail) from error


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
