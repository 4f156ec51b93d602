"""Which revision a database is at, which is the newest that this version of the service has, and what that means."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection
from functools import cache
from pathlib import Path

from sqlalchemy import Connection, Select, String, column, select, table

from diptych.core.errors import UPGRADE, SchemaOutdated

MIGRATIONS = Path(__file__).resolve().parents[2] / "migrations"

VERSION_TABLE = "alembic_versions"
"""The table that holds the revision of a database: advanced-alchemy's name for it."""

VERSIONS: Select[tuple[str]] = select(column("version_num", String)).select_from(table(VERSION_TABLE))
"""The revisions that a database is at: one, or none."""

_ASSIGNED = re.compile(r"^(revision|down_revision)\b[^=\n]*=(.+)$", re.MULTILINE)


def current(connection: Connection) -> str | None:
    """The revision that a database is at; None when it has not been migrated, or back to nothing.

    Errors: CommandError when it is at several at once, which no history of ours leaves behind; what SQLAlchemy raises.
    """
    from alembic.runtime.migration import MigrationContext  # noqa: PLC0415 - the service does without: 9 MB a process

    return MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE}).get_current_revision()


@cache
def history() -> dict[str, tuple[str, ...]]:
    """Every revision of this release, and those right before it."""
    found = {}
    for path in (MIGRATIONS / "versions").glob("*.py"):
        values = {name: ast.literal_eval(value.strip()) for name, value in _ASSIGNED.findall(path.read_text("utf-8"))}
        before = values["down_revision"] or ()
        found[values["revision"]] = (before,) if isinstance(before, str) else before
    return found


def head() -> str:
    """The newest revision of the history. Errors: ValueError when there are several."""
    (newest,) = set(history()).difference(*history().values())
    return newest


def check(found: Collection[str]) -> None:
    """Errors: SchemaOutdated, when a database at these revisions has to be migrated before this release can serve it.

    One that is not in the history is a newer release's, whose schema serves this release too.
    """
    if not found:
        raise SchemaOutdated(f"The database has not been migrated: {UPGRADE}.")
    if head() not in found and history().keys() >= set(found):
        raise SchemaOutdated(
            f"The database is at revision {', '.join(found)} and this release needs {head()}: {UPGRADE}."
        )
