"""The differences between a database and the schema that this release needs."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from typing import Any

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Column, Connection, MetaData, Table

from diptych.core.db.schema_version import MERGE, MIGRATIONS, VERSION_TABLE, current, heads, named, overlapping
from diptych.core.engine import fulltext_index, history_triggers
from diptych.core.errors import UPGRADE


def scripts() -> ScriptDirectory:
    """Return the migration scripts."""
    return ScriptDirectory(str(MIGRATIONS))


def known(revision: str) -> bool:
    """Return whether a revision is in this release's history. A newer release's is not."""
    return any(script.revision == revision for script in scripts().walk_revisions())


def require_head(connection: Connection) -> str:
    """Return the revision of a database that is at the head, or at all heads. Errors: CommandError for any other."""
    found = current(connection)
    if behind := lag(found):
        raise CommandError(behind)
    return " and ".join(found)


def require_one_head(otherwise: str = "") -> None:
    """Check that the history has one head. otherwise: what can be done without a merge. Errors: CommandError."""
    if len(found := heads()) > 1:
        raise CommandError(f"There are {len(found)} heads, {' and '.join(found)}: {MERGE}. {otherwise}".rstrip())


def lag(found: Collection[str]) -> str | None:
    """Explain why a database at these revisions cannot be used as it is; None at the head, or at all heads."""
    if not found:
        return f"The database has not been migrated: {UPGRADE}."
    if unknown := [revision for revision in found if not known(revision)]:
        return f"The database is at {named(unknown)}, which this version of Diptych does not know."
    if superseded := overlap(found):
        return superseded
    if set(found) != set(heads()):
        return f"The database is at {named(found)}, behind the head, {' and '.join(heads())}: {UPGRADE}."
    return None


def overlap(found: Collection[str]) -> str | None:
    """Explain what is wrong with revisions of which some come after others; None where none do."""
    if not (earlier := overlapping(found)):
        return None
    rest = " ".join(sorted(set(found).difference(earlier)))
    return (
        f"The database is stamped with {named(found)}, but {rest} comes after {' and '.join(earlier)}:"
        f' run "diptych database stamp --purge {rest}".'
    )


def ours(metadata: MetaData) -> Callable[[str | None, str, Any], bool]:
    """Return Alembic's `include_name` that leaves out the tables of other applications."""
    return lambda name, kind, _: kind != "table" or name in metadata.tables


def differences(connection: Connection, metadata: MetaData) -> list[str]:
    """Compare the models of the head with the database; return a line for each difference."""
    with comparing():
        found = compare_metadata(_context(connection, metadata), metadata)
    worded = [name for name, table in metadata.tables.items() if "search_text" in table.columns]
    missing = fulltext_index.missing(connection, worded) + history_triggers.missing(connection, metadata.sorted_tables)
    return [*(_described(each) for each in _each(found)), *(f"missing: {what}" for what in missing)]


@contextmanager
def comparing() -> Iterator[None]:
    """Make Alembic skip, without a warning, the indexes that only PostgreSQL has when it compares SQLite."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "autogenerate skipping metadata-specified expression-based index")
        yield


def _context(connection: Connection, metadata: MetaData) -> MigrationContext:
    options = {"version_table": VERSION_TABLE, "compare_type": True, "include_name": ours(metadata)}
    return MigrationContext.configure(connection, opts=options)


def _each(found: list[Any]) -> Iterator[tuple[Any, ...]]:
    """Flatten Alembic's differences; those of one column come as a list."""
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
