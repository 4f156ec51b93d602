"""A database's revision, this release's head revision, and whether the two fit."""

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
"""The table that holds the revision: advanced-alchemy's name for it."""

VERSIONS: Select[tuple[str]] = select(column("version_num", String)).select_from(table(VERSION_TABLE))
"""Select the revisions of a database: one, or none."""

_ASSIGNED = re.compile(r"^(revision|down_revision)\b[^=\n]*=(.+)$", re.MULTILINE)


def current(connection: Connection) -> str | None:
    """Return the revision of a database; None when it has not been migrated, or was downgraded to base.

    Errors: CommandError when it is at several revisions, which our history never produces; SQLAlchemy's errors.
    """
    from alembic.runtime.migration import MigrationContext  # noqa: PLC0415 - the service does without: 9 MB a process

    return MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE}).get_current_revision()


@cache
def history() -> dict[str, tuple[str, ...]]:
    """Return every revision of this release, and its direct predecessors."""
    found = {}
    for path in (MIGRATIONS / "versions").glob("*.py"):
        values = {name: ast.literal_eval(value.strip()) for name, value in _ASSIGNED.findall(path.read_text("utf-8"))}
        before = values["down_revision"] or ()
        found[values["revision"]] = (before,) if isinstance(before, str) else before
    return found


def head() -> str:
    """Return the head revision. Errors: ValueError when there are several."""
    (newest,) = set(history()).difference(*history().values())
    return newest


def check(found: Collection[str]) -> None:
    """Errors: SchemaOutdated when a database at these revisions must be migrated before this release can serve it.

    An unknown revision belongs to a newer release, whose schema this release can use.
    """
    if not found:
        raise SchemaOutdated(f"The database has not been migrated: {UPGRADE}.")
    if head() not in found and history().keys() >= set(found):
        raise SchemaOutdated(
            f"The database is at revision {', '.join(found)} and this release needs {head()}: {UPGRADE}."
        )
