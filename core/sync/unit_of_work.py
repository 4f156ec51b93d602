# Generated from core/aio/unit_of_work.py by tools/twins.py: do not edit, run "make twins".
"""Units of work: a session for reading, or one transaction that is committed before anyone hears of it."""

from __future__ import annotations

from collections.abc import Iterator, Awaitable, Callable, Iterator
from contextlib import contextmanager, contextmanager
from typing import TypeVar

from advanced_alchemy.config import SyncSessionConfig, SQLAlchemySyncConfig
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from core.database import translate
from core.errors import Contention, Unavailable

ATTEMPTS = 5
"""Times a unit of work is tried when other writers were quicker."""

T = TypeVar("T")
Work = Callable[[Session], T]


class Database:
    """One engine with two ways to use it."""

    def __init__(self, config: SQLAlchemySyncConfig) -> None:
        engine = config.get_engine()
        self._engine = engine
        self._writing = config
        # A read of one statement needs no transaction: without BEGIN and ROLLBACK it costs a third.
        self._reading = SQLAlchemySyncConfig(
            engine_instance=engine.execution_options(isolation_level="AUTOCOMMIT"),
            session_config=SyncSessionConfig(expire_on_commit=False, autoflush=False),
            metadata=config.metadata,
            bind_key="diptych_reading",
        )

    def read(self, work: Work[T]) -> T:
        """Run `work` with a session whose statements stand each for itself. Errors: as `write`."""
        with translated():
            with self._reading.get_session() as session:
                return work(session)

    def write(self, work: Work[T]) -> T:
        """Run `work` in one transaction, and return when it is committed; whatever it raises rolls it back.

        Work that lost a race for something the core chose itself runs again, in a transaction of its own.

        Errors: the CatalogueError that core.database.translate makes of the driver's, the commit's included;
        Unavailable after ATTEMPTS lost races.
        """
        for _ in range(ATTEMPTS):
            try:
                with self._transaction() as session:
                    return work(session)
            except Contention as error:
                lost = error
        raise Unavailable(lost.detail) from lost

    @contextmanager
    def _transaction(self) -> Iterator[Session]:
        with translated():
            with self._writing.get_session() as session:
                yield session
                session.commit()

    def close(self) -> None:
        """Close every pooled connection."""
        self._engine.dispose()


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
