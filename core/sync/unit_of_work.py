# Generated from core/aio/unit_of_work.py by tools/twins.py: do not edit, run "make twins".
"""Units of work: a session for reading, or one transaction that is committed before anyone hears of it."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import sleep
from typing import TypeVar

from advanced_alchemy.config import SQLAlchemySyncConfig, SyncSessionConfig
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from core import deadlines
from core.database import NONE, SNAPSHOT, TRANSACTION, WRITE, begin_by_hand, translate
from core.errors import CatalogueError, Contention, Disconnected, Unavailable
from core.observing.waiting import watch

ATTEMPTS = 5
"""Times a unit of work is tried when other writers were quicker."""

T = TypeVar("T")
Work = Callable[[Session], T]


class Database:
    """One engine with three ways to use it."""

    def __init__(self, config: SQLAlchemySyncConfig) -> None:
        engine = config.get_engine()
        begin_by_hand(engine)
        watch(engine.dialect)
        self._engine = engine
        self._writing = _variant(config, WRITE)
        # A read of one statement needs no transaction: without BEGIN and ROLLBACK it costs a third.
        self._reading = _variant(config, NONE)
        self._snapshot = _variant(config, SNAPSHOT)

    def read(self, work: Work[T], *, agreeing: bool = False) -> T:
        """Run `work` with a session whose statements stand each for itself, or all see one state (`agreeing`).

        Errors: as `write`.
        """
        return self._attempt(self._snapshot if agreeing else self._reading, work)

    @contextmanager
    def snapshot(self) -> Iterator[Session]:
        """A session whose statements all see the database as it was at the first. Errors: as `write`."""
        with translated():
            with self._snapshot.get_session() as session:
                yield session

    def write(self, work: Work[T]) -> T:
        """Run `work` in one transaction, and return when it is committed; whatever it raises rolls it back.

        Work that lost a race for something the core chose itself runs again, in a transaction of its own, and so does
        work that lost its connection: once, for a pool may hold connections to a server that has gone and come back.

        Errors: the CatalogueError that core.database.translate makes of the driver's, the commit's included;
        Unavailable after ATTEMPTS lost races.
        """
        return self._attempt(self._writing, work)

    def _attempt(self, config: SQLAlchemySyncConfig, work: Work[T]) -> T:
        lost: CatalogueError | None = None
        reconnected = False
        for _ in range(ATTEMPTS):
            deadlines.check()
            committing = False
            try:
                with translated():
                    with config.get_session() as session:
                        result = work(session)
                        if config is self._writing:
                            committing = True
                            session.commit()
                        return result
            except Disconnected as error:
                # When COMMIT may have arrived, nobody here knows whether it was done.
                if committing or reconnected:
                    raise
                lost, reconnected = error, True
            except Contention as error:
                lost = error
                sleep(random.uniform(0, 0.02))  # noqa: S311 - so that two do not collide in step
        assert lost is not None  # noqa: S101 - there were attempts
        raise Unavailable(lost.detail) from lost

    def close(self) -> None:
        """Close every pooled connection."""
        self._engine.dispose()


def _variant(config: SQLAlchemySyncConfig, transaction: str) -> SQLAlchemySyncConfig:
    """The same engine and pool, with transactions of one kind."""
    return SQLAlchemySyncConfig(
        engine_instance=config.get_engine().execution_options(**{TRANSACTION: transaction}),
        session_config=SyncSessionConfig(expire_on_commit=False, autoflush=False),
        metadata=config.metadata,
        bind_key=f"diptych_{transaction}",
    )


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
