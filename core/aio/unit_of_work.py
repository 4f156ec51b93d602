"""Units of work: autocommitted statements, or one transaction committed before the response."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from typing import TypeVar

from advanced_alchemy.config import AsyncSessionConfig, SQLAlchemyAsyncConfig
from sqlalchemy.ext.asyncio import AsyncSession

from diptych.core import deadline
from diptych.core.access.encryption import Keyring
from diptych.core.access.events.log import reported_after_commit
from diptych.core.aio.statement_executor import Executor, executor_on, run_on_connection
from diptych.core.db._compat import sleep_async
from diptych.core.db.engine_events import SNAPSHOT, TRANSACTION, use_explicit_begin
from diptych.core.db.error_translation import translate_errors
from diptych.core.errors import CatalogueError, Disconnected, RetryableConflict, ServiceUnavailable

ATTEMPTS = 5
"""Attempts of a unit of work that loses races against other writers."""

T = TypeVar("T")
ExecutorWork = Callable[[Executor], Awaitable[T]]
SessionWork = Callable[[AsyncSession], Awaitable[T]]


class Database:
    """One engine, and the ways to use it. keyring: for its encrypted columns."""

    def __init__(self, config: SQLAlchemyAsyncConfig, keyring: Keyring | None = None) -> None:
        engine = config.get_engine()
        self.keyring = keyring or Keyring({})
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
        """Run `work` on a connection, each statement by itself, or all in one snapshot of the database (`snapshot`).

        Errors: as `run_in_transaction`.
        """

        async def unit() -> T:
            async with self._snapshot.connect() as connection:
                await connection.begin()
                return await work(executor_on(connection))

        return await self._attempt(unit if snapshot else partial(self._alone, work))

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[Executor]:
        """Yield an executor in one snapshot of the database. Errors: as `run_in_transaction`."""
        with translate_errors():
            async with self._snapshot.connect() as connection:
                await connection.begin()
                yield executor_on(connection)

    async def execute_write(self, work: ExecutorWork[T], *, in_transaction: bool) -> T:
        """Run `work`: one statement that commits by itself, or several in one transaction (`in_transaction`).

        Errors: as `run_in_transaction`.
        """

        async def autocommit() -> T:
            with reported_after_commit(), _commit_outcome_unknown():
                return await self._alone(work)

        async def transaction() -> T:
            with reported_after_commit():
                async with self._engine.connect() as connection:
                    await connection.begin()
                    result = await work(executor_on(connection))
                    with _commit_outcome_unknown():
                        await connection.commit()
                    return result

        # On SQLite the explicit BEGIN of a transaction waits for other writers.
        alone = not in_transaction and self._engine.dialect.name != "sqlite"
        return await self._attempt(autocommit if alone else transaction)

    async def run_in_transaction(self, work: SessionWork[T]) -> T:
        """Run `work` in one transaction, and return when it is committed; an exception rolls it back.

        Work that raises RetryableConflict runs again, in a new transaction. Work that loses its connection runs again
        once, as the pool may hold connections from before a restart of the server.

        Errors: the driver's, the commit's included, as diptych.core.db.error_translation.translate converts them;
        ServiceUnavailable after ATTEMPTS lost races.
        """

        async def unit() -> T:
            with reported_after_commit():
                async with self._writing.get_session() as session:
                    result = await work(session)
                    with _commit_outcome_unknown():
                        await session.commit()
                    return result

        return await self._attempt(unit)

    @asynccontextmanager
    async def session(self) -> AsyncIterator[AsyncSession]:
        """Yield a session that is committed at the end of the block; an exception rolls it back.

        There are no retries. Errors: as `run_in_transaction`, and RetryableConflict if another writer was quicker;
        the library's errors are translated to the core's.
        """
        with translate_errors(), reported_after_commit():
            async with self._writing.get_session() as session:
                yield session
                with _commit_outcome_unknown():
                    await session.commit()

    async def _alone(self, work: ExecutorWork[T]) -> T:
        """Run `work` without a transaction: BEGIN and ROLLBACK would be two more round trips."""
        return await run_on_connection(self._engine, work)

    async def _attempt(self, unit: Callable[[], Awaitable[T]]) -> T:
        lost: CatalogueError | None = None
        reconnected = False
        for _ in range(ATTEMPTS):
            deadline.check()
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
    """Raise ServiceUnavailable if the connection is lost during a commit: the work may be done, so it cannot rerun."""
    try:
        with translate_errors():
            yield
    except Disconnected as error:
        raise ServiceUnavailable(error.detail) from error
