"""Run migrations safely: one process at a time, and without long waits for locks that would block the service."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import click
from alembic.ddl.sqlite import SQLiteImpl
from alembic.util import CommandError
from sqlalchemy import Connection, Engine, Table, create_engine, event, text
from sqlalchemy.exc import DBAPIError, OperationalError

from diptych.core.db.config import LOCK_TIMEOUT, STATEMENT_TIMEOUT

LOCK = 0x646970747963
"""Key of the advisory lock that a migrating process holds on PostgreSQL: "diptyc" in ASCII."""

LOCK_WAIT = 1800.0
"""Seconds that a process waits for another migration."""

POLL_INTERVAL = 1.0
"""Seconds between two checks whether the other migration is finished."""

ATTEMPTS = 10
"""Attempts of a migration to get its locks."""

_HOLDER = text(
    "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 1"
    " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    " AND (classid::bigint << 32) + objid::bigint = :lock"
)

_OLDEST = text(
    "SELECT a.pid FROM pg_stat_activity a WHERE a.datname = current_database() AND a.pid <> pg_backend_pid()"
    " AND EXISTS (SELECT FROM pg_locks l JOIN pg_class c ON c.oid = l.relation JOIN pg_namespace n"
    " ON n.oid = c.relnamespace WHERE l.pid = a.pid AND l.granted AND n.nspname = current_schema())"
    " ORDER BY a.xact_start LIMIT 1"
)
"""The session that has held a lock on one of our tables longest.

pg_blocking_pids() is no help: nothing waits any more.
"""

_SESSION = text(
    "SELECT concat_ws(', ', 'process ' || pid, usename, nullif(application_name, ''), host(client_addr), state,"
    " 'in a transaction for ' || round(extract(epoch FROM clock_timestamp() - xact_start)) || ' s')"
    " FROM pg_stat_activity WHERE pid = :pid"
)


_UNDONE = "This step has changed nothing."


@contextmanager
def hold_lock(engine: Engine) -> Iterator[Callable[[], None]]:
    """Hold the migration lock for the block. Yields a function that raises when the lock has been lost.

    On PostgreSQL the lock is a transaction-level advisory lock on a connection of its own: behind a pooler nothing
    outlives a transaction, and the migrating connection begins and commits several. The holding transaction stays idle
    without a snapshot or a transaction id, so VACUUM and CREATE INDEX CONCURRENTLY do not wait for it. Its statements
    therefore have no parameters and are never prepared (PostgreSQL keeps the snapshot of such a statement until the
    next), and waiting processes poll, because a blocked statement holds a snapshot too.

    On SQLite there is no lock apart from the transaction: see `begin_exclusive`.

    Errors: CommandError after LOCK_WAIT, and from the function when the connection has been lost; SQLAlchemyError.
    """
    if engine.dialect.name != "postgresql":
        yield lambda: None
        return
    # A separate pool: the engine's may hold a single connection, which the migration needs.
    guard = create_engine(engine.url, pool=engine.pool.recreate(), hide_parameters=True)
    try:
        with guard.connect().execution_options(isolation_level="READ COMMITTED") as connection:
            driver: Any = connection.connection.driver_connection
            driver.prepare_threshold = None
            lock(connection)

            def check() -> None:
                try:
                    connection.exec_driver_sql("SELECT 1")
                except DBAPIError as error:
                    raise CommandError("The connection that kept other migrations away was lost") from error

            yield check
    finally:
        guard.dispose()


def lock(connection: Connection) -> None:
    """Begin a PostgreSQL transaction that holds the migration lock.

    Errors: CommandError after LOCK_WAIT; SQLAlchemyError.
    """
    deadline = time.monotonic() + LOCK_WAIT
    reported = False
    while not _locked(connection):
        holder = _described(connection, connection.execute(_HOLDER, {"lock": LOCK}).scalar())
        connection.rollback()
        if time.monotonic() > deadline:
            raise CommandError(f"Another process still migrates this database ({holder}); nothing was changed")
        if not reported:
            click.echo(f"Waiting for another process that migrates this database ({holder}).", err=True)
            reported = True
        time.sleep(POLL_INTERVAL)


def without_timeouts(connection: Connection) -> None:
    """Disable a transaction's timeouts, whatever the role's defaults are."""
    # Older versions of PostgreSQL lack some of the three.
    connection.exec_driver_sql(
        "SELECT set_config(name, '0', true) FROM pg_settings"
        " WHERE name IN ('idle_in_transaction_session_timeout', 'transaction_timeout', 'statement_timeout')"
    )


def _locked(connection: Connection) -> bool:
    without_timeouts(connection)
    return bool(connection.exec_driver_sql(f"SELECT pg_try_advisory_xact_lock({LOCK})").scalar())


def _described(connection: Connection, process: int | None) -> str:
    """Describe a PostgreSQL session."""
    return connection.execute(_SESSION, {"pid": process}).scalar() or "it has just gone"


def limit(connection: Connection) -> None:
    """Set short lock and statement timeouts in each transaction of a PostgreSQL connection.

    A queued DDL lock blocks all later queries, so lock_timeout is short.
    """
    options = connection.get_execution_options()

    @event.listens_for(connection, "begin")
    def begin(begun: Connection) -> None:
        # Statements outside a transaction, such as CREATE INDEX CONCURRENTLY, may wait: they block nothing.
        if begun.get_execution_options().get("isolation_level") != "AUTOCOMMIT":
            begun.exec_driver_sql(f"SET LOCAL lock_timeout = '{options[LOCK_TIMEOUT]}s'")
            begun.exec_driver_sql(f"SET LOCAL statement_timeout = '{options[STATEMENT_TIMEOUT]}s'")


def begin_exclusive(connection: Connection) -> None:
    """Begin the one SQLite transaction of a migration, once other writers have finished.

    Errors: CommandError after LOCK_WAIT.
    """
    deadline = time.monotonic() + LOCK_WAIT
    reported = False
    while not connection.in_transaction():
        try:
            connection.begin()
        except OperationalError as error:
            if not getattr(error.orig, "sqlite_errorname", "").startswith("SQLITE_BUSY"):
                raise
            if time.monotonic() > deadline:
                raise CommandError("Another process still writes to this database; nothing was changed") from error
            if not reported:
                click.echo("Waiting for another process that writes to this database.", err=True)
                reported = True


@contextmanager
def without_foreign_keys(connection: Connection) -> Iterator[Callable[[], None]]:
    """Disable foreign keys on a SQLite connection for the block. Yields a function that checks them.

    SQLite migrations alter a table by copying and dropping it; with foreign keys on, dropping it would delete all
    dependent rows. https://www.sqlite.org/lang_altertable.html#otheralter

    Errors: CommandError, from the function, when a foreign key is violated.
    """
    driver: Any = connection.connection.dbapi_connection
    driver.execute("PRAGMA foreign_keys=OFF")

    def check() -> None:
        tables = sorted({row[0] for row in connection.exec_driver_sql("PRAGMA foreign_key_check")})
        if tables:
            raise CommandError(f"Rows of {', '.join(tables)} refer to rows that are not there; nothing was changed")

    try:
        yield check
    finally:
        connection.rollback()
        driver.execute("PRAGMA foreign_keys=ON")


class KeepingTriggers(SQLiteImpl):
    """Alembic's SQLite implementation, which recreates the triggers that SQLite drops with a rebuilt table."""

    __dialect__ = "sqlite"

    def drop_table(self, table: Table, **options: Any) -> None:
        if self.connection is not None and not self.as_sql:
            statement = text("SELECT sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = :name")
            self.memo[table.name] = self.connection.execute(statement, {"name": table.name}).scalars().all()
        super().drop_table(table, **options)

    def rename_table(self, old_table_name: str, new_table_name: str, schema: str | None = None) -> None:
        super().rename_table(old_table_name, new_table_name, schema)
        if self.connection is not None and not self.as_sql:
            for trigger in self.memo.pop(new_table_name, ()):
                self.connection.exec_driver_sql(trigger)


class Plan:
    """The steps of a migration, determined once, so that "+1" stays one step when it is retried."""

    def __init__(self, find: Callable[..., Iterable[Any]]) -> None:
        self._find = find
        self._steps: list[Any] | None = None
        self._done = 0

    def remaining(self, heads: Any, context: Any) -> list[Any]:
        """Return the steps that have not been applied."""
        if self._steps is None:
            self._steps = list(self._find(heads, context))
        return self._steps[self._done :]

    def applied(self, **_: Any) -> None:
        """Count a step as applied."""
        self._done += 1

    @property
    def changed(self) -> bool:
        """Whether any step has been applied."""
        return self._done > 0

    def __str__(self) -> str:
        """Return the current step, such as "upgrade 0001 -> 0002"."""
        steps = self._steps[self._done :] if self._steps else []
        return str(steps[0].short_log) if steps else "looking for the revision"


def retry_on_lock_timeout(plan: Plan, connection: Connection, run: Callable[[], None]) -> None:
    """Run a migration, and retry it after a pause when it timed out waiting for a lock.

    Errors: CommandError after ATTEMPTS, naming the lock's holder, or when a statement took too long.
    """
    for left in reversed(range(ATTEMPTS)):
        try:
            run()
        except OperationalError as error:
            connection.rollback()
            match getattr(error.orig, "sqlstate", None):
                case "55P03" | "40P01":
                    holder = _described(connection, connection.execute(_OLDEST).scalar())
                    connection.rollback()
                case "57014":
                    seconds = connection.get_execution_options()[STATEMENT_TIMEOUT]
                    raise CommandError(f"{plan}: a statement took longer than {seconds} s. {_UNDONE}") from error
                case _:
                    raise
            if not left:
                reported = f"{plan}: no lock in {ATTEMPTS} attempts; the session that has held one longest: {holder}."
                raise CommandError(f"{reported} {_UNDONE}") from error
            if left == ATTEMPTS - 1:
                click.echo(f"{plan}: waiting for a lock; the session that has held one longest: {holder}.", err=True)
            time.sleep(random.uniform(POLL_INTERVAL, 3 * POLL_INTERVAL))  # noqa: S311 - nothing secret
        else:
            return
