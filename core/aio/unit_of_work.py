"""Units of work: statements each for itself, or one transaction that is committed before anyone hears of it."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from typing import TypeVar

from advanced_alchemy.config import AsyncSessionConfig, SQLAlchemyAsyncConfig
from sqlalchemy.ext.asyncio import AsyncSession

from diptych.core.aio.statement_executor import Executor, executor_on, run_on_connection
from diptych.core.db import deadlines
from diptych.core.db._compat import sleep_async
from diptych.core.db.engine_events import SNAPSHOT, TRANSACTION, use_explicit_begin
from diptych.core.db.error_translation import translate_errors
from diptych.core.errors import CatalogueError, Disconnected, RetryableConflict, ServiceUnavailable

ATTEMPTS = 5
"""Times a unit of work is tried when other writers were quicker."""

T = TypeVar("T")
ExecutorWork = Callable[[Executor], Awaitable[T]]
SessionWork = Callable[[AsyncSession], Awaitable[T]]


class Database:
    """One engine, and the ways to use it."""

    def __init__(self, config: SQLAlchemyAsyncConfig) -> None:
        engine = config.get_engine()
        use_explicit_begin(engine)
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
        self._snapshot = engine.execution_options(**{TRANSACTION: SNAPSHOT})

    async def read(self, work: ExecutorWork[T], *, snapshot: bool = False) -> T:
        """Run `work` with a connection whose statements stand each for itself, or all see one state (`snapshot`).

        Errors: as `run_in_transaction`.
        """

        async def unit() -> T:
            async with self._snapshot.connect() as connection:
                await connection.begin()
                return await work(executor_on(connection))

        return await self._attempt(unit if snapshot else partial(self._alone, work))

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[Executor]:
        """What executes statements that all see one state. Errors: as `run_in_transaction`."""
        with translate_errors():
            async with self._snapshot.connect() as connection:
                await connection.begin()
                yield executor_on(connection)

    async def execute_write(self, work: ExecutorWork[T], *, in_transaction: bool) -> T:
        """Run `work`, which is one statement that commits itself, or several in one (`in_transaction`).

        Errors: as `run_in_transaction`.
        """

        async def autocommit() -> T:
            with _commit_outcome_unknown():
                return await self._alone(work)

        async def transaction() -> T:
            async with self._engine.connect() as connection:
                await connection.begin()
                result = await work(executor_on(connection))
                with _commit_outcome_unknown():
                    await connection.commit()
                return result

        # Whoever writes to SQLite waits for the others by hand, when a transaction begins.
        alone = not in_transaction and self._engine.dialect.name != "sqlite"
        return await self._attempt(autocommit if alone else transaction)

    async def run_in_transaction(self, work: SessionWork[T]) -> T:
        """Run `work` in one transaction, and return when it is committed; whatever it raises rolls it back.

        Work that lost a race for something the core chose itself runs again, in a transaction of its own, and so does
        work that lost its connection: once, for a pool may hold connections to a server that has gone and come back.

        Errors: what diptych.core.db.error_translation.translate makes of the driver's, the commit's included;
        ServiceUnavailable after ATTEMPTS lost races.
        """

        async def unit() -> T:
            async with self._writing.get_session() as session:
                result = await work(session)
                with _commit_outcome_unknown():
                    await session.commit()
                return result

        return await self._attempt(unit)

    @asynccontextmanager
    async def session(self) -> AsyncIterator[AsyncSession]:
        """A session that is committed at the end of the block; whatever the block raises rolls it back.

        Nothing is tried again. Errors: as `run_in_transaction`, and RetryableConflict where another writer was
        quicker; what services raise in the library's words comes out in the core's.
        """
        with translate_errors():
            async with self._writing.get_session() as session:
                yield session
                with _commit_outcome_unknown():
                    await session.commit()

    async def _alone(self, work: ExecutorWork[T]) -> T:
        """Run `work` without a transaction: BEGIN and ROLLBACK would be two more ways to the database and back."""
        return await run_on_connection(self._engine, work)

    async def _attempt(self, unit: Callable[[], Awaitable[T]]) -> T:
        lost: CatalogueError | None = None
        reconnected = False
        for _ in range(ATTEMPTS):
            deadlines.check()
            try:
                with translate_errors():
                    return await unit()
            except Disconnected as error:
                if reconnected:
                    raise
                lost, reconnected = error, True
            except RetryableConflict as error:
                lost = error
                await sleep_async(random.uniform(0, 0.02))  # noqa: S311 - so that two do not collide in step
        assert lost is not None  # noqa: S101 - there were attempts
        raise ServiceUnavailable(lost.detail) from lost

    async def close(self) -> None:
        """Close every pooled connection."""
        await self._engine.dispose()


@contextmanager
def _commit_outcome_unknown() -> Iterator[None]:
    """When what commits may have arrived, nobody here knows if it was done: it is not a connection lost before."""
    try:
        with translate_errors():
            yield
    except Disconnected as error:
        raise ServiceUnavailable(error.detail) from error
