"""Explain a database that is stamped with a revision, and does not have its tables."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from alembic.util import CommandError
from sqlalchemy import Connection, inspect
from sqlalchemy.exc import DBAPIError

from diptych.core.database import sync_config
from diptych.core.db.engine_events import SNAPSHOT, TRANSACTION
from diptych.core.db.error_translation import one_line
from diptych.core.db.schema_diff import known, scripts
from diptych.core.db.schema_version import current
from diptych.core.legacy_import.schema_history import FIRST, differences_from, nearest
from diptych.core.settings import Settings

_SQLSTATES = frozenset({"42P07", "42701", "42710", "42723", "42P01", "42703", "42704", "42883"})
"""PostgreSQL's: a table, a column, another object or a function exists already, or does not exist."""

_SQLITE = re.compile(r"already exists|duplicate column name|no such (table|column|index|trigger)")


@contextmanager
def explaining_wrong_stamp(settings: Settings) -> Iterator[None]:
    """Explain an error of a migration where the database has other tables than its revision says.

    Errors: CommandError with the explanation; any other error as it is.
    """
    try:
        yield
    except DBAPIError as error:
        reason = wrong_stamp(settings) if _is_about_schema(error) else None
        if reason is None:
            raise
        raise CommandError(f"{one_line(error)}. {reason}") from error


def _is_about_schema(error: DBAPIError) -> bool:
    """Return whether a statement failed because something exists already, or does not exist."""
    return getattr(error.orig, "sqlstate", None) in _SQLSTATES or bool(_SQLITE.search(str(error.orig)))


def wrong_stamp(settings: Settings) -> str | None:
    """Describe how the tables differ from those of the revision that the database is stamped with; None if they do not.

    Nothing is left behind. Also None where it cannot be found out: at an unknown revision, at several, or where the
    database's role may not create temporary tables.
    """
    engine = sync_config(settings).get_engine()
    try:
        # SQLite's write lock is not needed. On PostgreSQL the comparison makes temporary tables, which are rolled back.
        with suppress(DBAPIError), engine.connect().execution_options(**{TRANSACTION: SNAPSHOT}) as connection:
            return _compared(connection)
        return None
    finally:
        engine.dispose()


def _compared(connection: Connection) -> str | None:
    stamped = current(connection)
    if len(stamped) != 1 or not known(stamped[0]):
        return None
    (revision,) = stamped
    script, tables = scripts(), frozenset(inspect(connection).get_table_names())
    stamp = f"The database is stamped with revision {revision}, but"
    if tables.isdisjoint(FIRST):
        return f'{stamp} has none of its tables: run "diptych database stamp base", then "diptych database upgrade".'
    if not differences_from(connection, script, revision, tables):
        return None
    nearest_revision, lines = nearest(connection, script, tables)
    mend = f'run "diptych database stamp {nearest_revision}"'
    if not lines:
        return f"{stamp} its tables are those of revision {nearest_revision}: {mend}."
    more = f", and {len(lines) - 1} differences more" if len(lines) > 1 else ""
    return (
        f"{stamp} its tables are of no revision: nearest is {nearest_revision}, but {lines[0]}{more}."
        f" Correct that, or restore a backup, and {mend}."
    )
