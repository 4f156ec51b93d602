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
"""Select the revisions of a database: none, one, or several while branches of the history have not been merged."""

MERGE = '"diptych database merge" writes the migration that joins them, and "upgrade" then runs it'
"""What to do about several heads."""

_ASSIGNED = re.compile(r"^(revision|down_revision)\b[^=\n]*=(.+)$", re.MULTILINE)


def current(connection: Connection) -> tuple[str, ...]:
    """Return the revisions of a database, sorted.

    None when it has not been migrated, or was downgraded to base; several when branches have not been merged.
    Errors: SQLAlchemy's.
    """
    from alembic.runtime.migration import MigrationContext  # noqa: PLC0415 - the service does without: 9 MB a process

    context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
    return tuple(sorted(context.get_current_heads()))


@cache
def history() -> dict[str, tuple[str, ...]]:
    """Return every revision of this release, and its direct predecessors."""
    found = {}
    for path in (MIGRATIONS / "versions").glob("*.py"):
        values = {name: ast.literal_eval(value.strip()) for name, value in _ASSIGNED.findall(path.read_text("utf-8"))}
        before = values["down_revision"] or ()
        found[values["revision"]] = (before,) if isinstance(before, str) else before
    return found


def heads() -> tuple[str, ...]:
    """Return the head revisions, sorted: one, or several while branches have not been merged."""
    return tuple(sorted(set(history()).difference(*history().values())))


def head() -> str:
    """Return the head revision. Errors: ValueError when there are several."""
    (newest,) = heads()
    return newest


def overlapping(revisions: Collection[str]) -> list[str]:
    """Return those of the revisions that others of them come after: a database at these is stamped wrongly."""
    before: set[str] = set()
    pending = [each for revision in revisions for each in history().get(revision, ())]
    while pending:
        revision = pending.pop()
        if revision not in before:
            before.add(revision)
            pending.extend(history()[revision])
    return sorted(before.intersection(revisions))


def named(revisions: Collection[str]) -> str:
    """Return revisions as messages name them: "revision 0004", "revisions 0005 and 0006", or "revision base"."""
    names = list(revisions) or ["base"]
    return f"revision{'s' if len(names) > 1 else ''} {' and '.join(names)}"


def check(found: Collection[str]) -> None:
    """Errors: SchemaOutdated when a database at these revisions must be migrated before this release can serve it.

    An unknown revision belongs to a newer release, whose schema this release can use.
    """
    if not found:
        raise SchemaOutdated(f"The database has not been migrated: {UPGRADE}.")
    if not set(heads()) <= set(found) and history().keys() >= set(found):
        raise SchemaOutdated(
            f"The database is at {named(found)} and this release needs {' and '.join(heads())}: {UPGRADE}."
        )
