"""Which revision a database is at, and which is the newest that this version of the service has."""

from __future__ import annotations

from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from core.database import MIGRATIONS

VERSION_TABLE = "alembic_versions"
"""The table that holds the revision of a database: advanced-alchemy's name for it."""


def current(connection: Connection) -> str | None:
    """The revision that a database is at; None when it has not been migrated, or back to nothing.

    Errors: CommandError when it is at several at once, which no history of ours leaves behind; what SQLAlchemy raises.
    """
    return MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE}).get_current_revision()


def head() -> str:
    """The newest revision of the history. Errors: CommandError when there are several."""
    found = ScriptDirectory(str(MIGRATIONS)).get_current_head()
    assert found is not None, "there is no history"  # noqa: S101 - it comes with the code
    return found
