"""How a database differs from what this version of the service needs."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Column, Connection, MetaData, Table

from diptych.core.db.schema_version import MIGRATIONS, VERSION_TABLE, current, head
from diptych.core.engine import fulltext_index
from diptych.core.errors import UPGRADE


def scripts() -> ScriptDirectory:
    """The files of the history."""
    return ScriptDirectory(str(MIGRATIONS))


def known(revision: str) -> bool:
    """Whether a revision is one of the history's. A database that a newer version has migrated is at another."""
    return any(script.revision == revision for script in scripts().walk_revisions())


def require_head(connection: Connection) -> str:
    """The revision that a database is at, which is the head. Errors: CommandError where it is not."""
    if behind := lag(current(connection)):
        raise CommandError(behind)
    return head()


def lag(revision: str | None) -> str | None:
    """Why a database at this revision cannot be used as it is; None at the head."""
    if revision is None:
        return f"The database has not been migrated: {UPGRADE}."
    if not known(revision):
        return f"The database is at revision {revision}, which this version of Diptych does not know."
    if revision != head():
        return f"The database is at revision {revision}, behind the head, {head()}: {UPGRADE}."
    return None


def ours(metadata: MetaData) -> Callable[[str | None, str, Any], bool]:
    """Return Alembic's `include_name` that leaves the tables of the database's other tenants out."""
    return lambda name, kind, _: kind != "table" or name in metadata.tables


def differences(connection: Connection, metadata: MetaData) -> list[str]:
    """What the models of the head say and the database is not: a line for each."""
    with comparing():
        found = compare_metadata(_context(connection, metadata), metadata)
    worded = [name for name, table in metadata.tables.items() if "search_text" in table.columns]
    missing = [f"missing: {what}" for what in fulltext_index.missing(connection, worded)]
    return [*(_described(each) for each in _each(found)), *missing]


@contextmanager
def comparing() -> Iterator[None]:
    """Have Alembic compare SQLite without a word of the indexes that only PostgreSQL has."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "autogenerate skipping metadata-specified expression-based index")
        yield


def _context(connection: Connection, metadata: MetaData) -> MigrationContext:
    options = {"version_table": VERSION_TABLE, "compare_type": True, "include_name": ours(metadata)}
    return MigrationContext.configure(connection, opts=options)


def _each(found: list[Any]) -> Iterator[tuple[Any, ...]]:
    """Alembic's differences; those of one column come as a list."""
    for item in found:
        yield from item if isinstance(item, list) else [item]


def _described(difference: tuple[Any, ...]) -> str:
    match difference:
        case (str(kind), _, str(table), str(column), _, there, wanted):
            return f"{kind.removeprefix('modify_')} of {table}.{column} is {there}, not {wanted}"
        case (str(kind), _, str(table), Column(name=name)):
            return f"{_standing(kind)}: column {table}.{name}"
        case (str(kind), Table(name=name), *_):
            return f"{_standing(kind)}: table {name}"
        case (str(kind), item, *_):
            columns = ", ".join(item.columns.keys())
            return f"{_standing(kind)}: {type(item).__name__} {item.name or ''} on {item.table.name} ({columns})"
    raise AssertionError(difference)


def _standing(kind: str) -> str:
    return "missing" if kind.startswith("add_") else "not in the models"
