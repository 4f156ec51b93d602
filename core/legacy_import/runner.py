"""Run an adoption in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy import Connection, Engine, NullPool, create_engine, event
from sqlalchemy.exc import DBAPIError

from diptych.core.database import sync_config
from diptych.core.db import migration_lock
from diptych.core.db.config import connection_string
from diptych.core.db.error_translation import translate
from diptych.core.db.schema_diff import scripts
from diptych.core.engine.entity import now
from diptych.core.errors import ServiceUnavailable
from diptych.core.legacy_import import report
from diptych.core.legacy_import.copy import REVISION, copy_rows
from diptych.core.legacy_import.row_validation import ValidationReport, count, validate_rows
from diptych.core.legacy_import.schema_detection import (
    LegacySchema,
    NothingToAdopt,
    OwnSchema,
    UnknownSchema,
    detect_schema,
)
from diptych.core.settings import Settings, parse_database_url

LOCK_TIMEOUT = 5
"""Seconds to wait for locks on the old tables."""


class AdoptionRefused(Exception):
    """The schema is unknown, or some rows cannot be copied; nothing was changed.

    The text is one line, and each reason is a line.
    """

    def __init__(self, message: str, reasons: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.reasons = reasons


class ProgressListener(Protocol):
    """Receives the progress of an adoption."""

    def say(self, line: str) -> None:
        """Show a sentence to the operator."""

    def begin(self, doing: str, rows: int) -> Callable[[int], None]:
        """Start a progress display over `rows` rows; return a function that takes the number of further rows done."""


@dataclass(frozen=True, slots=True)
class Adopted:
    """The result of an adoption, and the database's new revision."""

    told: str
    revision: str


def adopt(settings: Settings, leave: frozenset[str], listener: ProgressListener, *, dry_run: bool) -> Adopted | None:
    """Adopt a database; return None for a dry run or where there is nothing to adopt.

    leave: columns, as "book.isbn", that are not copied.
    Errors: AdoptionRefused; CommandError when another migration takes too long; SQLAlchemyError for an unreachable
    database.
    """
    url = parse_database_url(settings.database_url)
    if url.drivername == "sqlite" and not Path(str(url.database)).exists():
        listener.say("There is nothing to adopt: no such file. `diptych database upgrade` makes it.")
        return None
    engine = _engine(settings, alone=not dry_run)
    try:
        with _transaction(engine, dry_run=dry_run) as connection:
            return _adopt(connection, leave, listener, dry_run=dry_run)
    except DBAPIError as error:
        if not isinstance(translate(error), ServiceUnavailable):
            message = str(error.orig).strip().partition("\n")[0]
            raise AdoptionRefused(f"The database will not have it, and nothing was changed: {message}") from error
        raise
    finally:
        engine.dispose()


def _adopt(
    connection: Connection, leave: frozenset[str], listener: ProgressListener, *, dry_run: bool
) -> Adopted | None:
    script = scripts()
    shape = detect_schema(connection, script, leave)
    match shape:
        case NothingToAdopt():
            listener.say(shape.reason)
            return None
        case UnknownSchema():
            raise AdoptionRefused("This database is not known, and nothing was changed.", shape.reasons)
    judgement = _validated(connection, shape, listener, dry_run=dry_run)
    revision = shape.revision if isinstance(shape, OwnSchema) else REVISION
    for line in report.found(shape, judgement):
        listener.say(line)
    for number, line in enumerate(report.steps(shape, judgement, revision, str(script.get_current_head())), 1):
        listener.say(f"{number:>3}. {line}")
    if judgement.faulty:
        more = judgement.faulty - len(judgement.problems)
        reasons = (*judgement.problems, *([f"and {more:,} more"] if more else []))
        raise AdoptionRefused(f"{judgement.faulty:,} values cannot be carried, and nothing was changed.", reasons)
    if dry_run:
        listener.say("This was a dry run: nothing was changed.")
        return None
    copy_rows(connection, script, shape, now(), listener.begin("Copying", sum(judgement.rows.values())))
    counted = " and ".join(f"{rows:,} {noun}{'' if rows == 1 else 's'}" for noun, rows in judgement.rows.items())
    return Adopted(f"Adopted {counted or 'the catalogue'}.", revision)


def _validated(
    connection: Connection, shape: OwnSchema | LegacySchema, listener: ProgressListener, *, dry_run: bool
) -> ValidationReport:
    if isinstance(shape, OwnSchema):
        return ValidationReport()
    names = (shape.authors.name, shape.books.name)
    if connection.dialect.name == "postgresql" and not dry_run:
        # A row written to the old table after validation would be lost.
        quoted = ", ".join(connection.dialect.identifier_preparer.quote_identifier(name) for name in names)
        connection.exec_driver_sql(f"LOCK TABLE {quoted} IN ACCESS EXCLUSIVE MODE")
    rows = sum(count(connection, name) for name in names)
    return validate_rows(connection, shape, listener.begin("Reading", rows))


def _engine(settings: Settings, *, alone: bool) -> Engine:
    """Create an engine that leaves a SQLite file's settings alone. alone: transactions take the write lock at once."""
    if parse_database_url(settings.database_url).drivername == "postgresql":
        return sync_config(settings).get_engine()
    engine = create_engine(
        connection_string(settings), poolclass=NullPool, hide_parameters=True, connect_args={"timeout": 60}
    )

    @event.listens_for(engine, "connect")
    def configure(connection: Any, _: Any) -> None:
        connection.execute("PRAGMA foreign_keys=ON")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE" if alone else "BEGIN")

    return engine


@contextmanager
def _transaction(engine: Engine, *, dry_run: bool) -> Iterator[Connection]:
    """Open the one transaction of an adoption; a dry run reads a snapshot and is rolled back."""
    with engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            connection.execution_options(isolation_level="REPEATABLE READ" if dry_run else "READ COMMITTED")
            if not dry_run:
                migration_lock.lock(connection)
            migration_lock.without_timeouts(connection)
            _prepare(connection)
        yield connection
        if dry_run:
            connection.rollback()
        else:
            connection.commit()


def _prepare(connection: Connection) -> None:
    """Set a short lock timeout, and the date format that the rules parse."""
    connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}s'")
    connection.exec_driver_sql("SET LOCAL datestyle = 'ISO, YMD'")
