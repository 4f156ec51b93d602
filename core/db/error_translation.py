"""Translate database and driver errors into the core's own; the only place that does."""

from __future__ import annotations

import re
import sqlite3

import psycopg
from advanced_alchemy.exceptions import NotFoundError, RepositoryError
from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlalchemy.exc import DBAPIError, SQLAlchemyError, StatementError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from diptych.core import deadline
from diptych.core.engine.entity import Base
from diptych.core.engine.fulltext_index import FUNCTION
from diptych.core.errors import (
    UPGRADE,
    CatalogueError,
    Conflict,
    Disconnected,
    FieldError,
    NotFound,
    RetryableConflict,
    SchemaOutdated,
    ServiceUnavailable,
    ValidationFailed,
)

CHOSEN_BY_THE_CORE = {"slug", "id"}
"""Unique columns that the core fills itself: a conflict on them is retried, and is not a client's error."""

UNCONFIRMED = "The database did not confirm that this was saved."

_NOT_MIGRATED = f"The database has not been migrated: {UPGRADE}."
_REFERENCE = "Another row depends on this, or a row it refers to is gone."

_SQLITE_OUTAGES = tuple(f"SQLITE_{name}" for name in ("CANTOPEN", "CORRUPT", "FULL", "IOERR", "NOTADB", "READONLY"))

_OUTAGES = {"08", "28", "53", "57", "58"}
"""SQLSTATE classes: connection, authorization, resources, operator intervention (timeouts too), system."""


def meaning(error: BaseException) -> CatalogueError | None:
    """Translate a database error, wrapped by advanced-alchemy or not; None for any other error."""
    if isinstance(error, SQLAlchemyError):
        return translate(error)
    if isinstance(error, CatalogueError) or not isinstance(error, RepositoryError):
        return None
    if isinstance(error, NotFoundError):
        return NotFound("There is no such row.")
    return translate(error.__cause__) if isinstance(error.__cause__, SQLAlchemyError) else None


def translate(error: SQLAlchemyError) -> CatalogueError | None:
    """Translate a database error; None where it can only be a bug.

    By SQLSTATE on PostgreSQL and by extended result code on SQLite, never by the exception's class, because drivers
    and libraries use the same classes for outages and conflicts.
    """
    if isinstance(error, PoolTimeout):
        return ServiceUnavailable("Every database connection is in use.")
    if not isinstance(error, DBAPIError):
        return None
    if error.connection_invalidated:
        return Disconnected("The connection to the database was lost.")
    match error.orig:
        case psycopg.Error() as original:
            return _of_postgresql(original)
        case sqlite3.Error() as original:
            return _of_sqlite(original)
    return None


class translate_errors:  # noqa: N801 - used as what contextlib makes is, which takes three times as long
    """Raise driver errors in its block as the core's own."""

    __slots__ = ()

    def __enter__(self) -> None:
        """Do nothing."""

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        if error is not None and (known := meaning(error)) is not None:
            raise known from error


def one_line(error: CatalogueError | StatementError) -> str:
    """Describe a database error for the operator in one line: the core's message and the database's."""
    ours = error.detail if isinstance(error, CatalogueError) else ""
    cause = error.__cause__ if isinstance(error, CatalogueError) else error
    theirs = str(cause.orig).strip().partition("\n")[0] if isinstance(cause, StatementError) else ""
    return f"{ours} {theirs}".strip()


def _of_postgresql(error: psycopg.Error) -> CatalogueError | None:
    match error.sqlstate:
        case "42P01":
            return SchemaOutdated(_NOT_MIGRATED)
        case "42883" if FUNCTION in str(error):
            return SchemaOutdated(_NOT_MIGRATED)
        case "40001" | "40P01":
            return RetryableConflict("Other writers were busy with the same rows.")
        case str(state) if state.startswith("23"):
            return _violated(state, error.diag.constraint_name)
    outage = _outage_of_postgresql(error)
    return ServiceUnavailable(outage) if outage else None


def _violated(state: str, constraint: str | None) -> CatalogueError | None:
    match state:
        case "23505":
            return _taken(_constrained(constraint))
        case "23503" | "23001":
            return Conflict(_REFERENCE)
        case "23514":
            return _refused(constraint)
    return None


def _outage_of_postgresql(error: psycopg.Error) -> str | None:
    match error.sqlstate:
        case None if isinstance(error, psycopg.OperationalError):
            return "The database cannot be reached."
        case "57014":
            return deadline.TOO_LONG
        case "08007":
            return UNCONFIRMED
        case "42501":
            return "The database's user lacks a privilege."
        case str(state) if state[:2] in _OUTAGES or state in ("25006", "55P03", "3D000"):
            return "The database cannot serve this now."
    return None


def _of_sqlite(error: sqlite3.Error) -> CatalogueError | None:
    match getattr(error, "sqlite_errorname", None):
        case "SQLITE_ERROR" if str(error).startswith("no such table"):
            return SchemaOutdated(_NOT_MIGRATED)
        case str(name) if name.startswith("SQLITE_CONSTRAINT"):
            # "UNIQUE constraint failed: book.isbn, ..." is all the information that SQLite gives.
            return _violated_in_sqlite(name, str(error).partition(": ")[2])
        case str(name) if outage := _outage_of_sqlite(name):
            return ServiceUnavailable(outage)
    return None


def _violated_in_sqlite(name: str, what: str) -> CatalogueError | None:
    match name:
        case "SQLITE_CONSTRAINT_UNIQUE" | "SQLITE_CONSTRAINT_PRIMARYKEY":
            return _taken([column.partition(".")[2] for column in what.split(", ")])
        case "SQLITE_CONSTRAINT_FOREIGNKEY" | "SQLITE_CONSTRAINT_TRIGGER":
            # SQLITE_CONSTRAINT_TRIGGER is how SQLite reports ON DELETE RESTRICT.
            return Conflict(_REFERENCE)
        case "SQLITE_CONSTRAINT_CHECK":
            return _refused(what)
    return None


def _outage_of_sqlite(name: str) -> str | None:
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return "The database is busy with other writers."
    if name == "SQLITE_INTERRUPT":
        return deadline.TOO_LONG
    if name.startswith(_SQLITE_OUTAGES):
        return "The database cannot serve this now."
    return None


def _constrained(constraint: str | None) -> list[str]:
    """Return the columns of a unique or primary key constraint, by its name in the models."""
    for table in Base.metadata.tables.values():
        if table.primary_key.name == constraint:
            return list(table.primary_key.columns.keys())
        for item in table.constraints:
            if isinstance(item, UniqueConstraint) and item.name == constraint:
                return list(item.columns.keys())
    return []


def _refused(constraint: str | None) -> CatalogueError:
    """Translate a violated CHECK; the model's constraint gives the columns."""
    field_errors = [
        FieldError("refused", "the database has a rule against this value", path=(column.key,))
        for table in Base.metadata.tables.values()
        for item in table.constraints
        if isinstance(item, CheckConstraint) and item.name == constraint
        for column in table.columns
        if re.search(rf"\b{column.key}\b", str(item.sqltext))
    ]
    return ValidationFailed("The database has a rule against this.", field_errors)


def _taken(columns: list[str]) -> CatalogueError:
    if CHOSEN_BY_THE_CORE.intersection(columns):
        return RetryableConflict("Other writers were busy with the same names.")
    field_errors = [not_unique(column) for column in columns]
    return Conflict("Something with this value exists already.", field_errors)


def not_unique(*path: str | int) -> FieldError:
    """Return the field error of a value that must be unique and is not."""
    return FieldError("taken", "another has this value already", path=path)
