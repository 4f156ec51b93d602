"""Rename an earlier application's tables and indexes where the catalogue needs their names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from diptych.core.engine.fulltext_index import FUNCTION
from diptych.core.legacy_import import adopted_ids, schema_history
from diptych.core.legacy_import.inspection import quoted

BEFORE = "before_adoption_"
"""Prefix of the new names."""

NAME_LENGTH = 63
"""Bytes that PostgreSQL keeps of an identifier."""

_KINDS = {"r": "table", "p": "table", "i": "index", "I": "index"}
_INDEX = re.compile(r"(CREATE (?:UNIQUE )?INDEX )(\"(?:[^\"]|\"\")*\"|\[[^\]]*\]|`[^`]*`|\S+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Relation:
    """A table, an index, or anything else that has a name. table: what it belongs to, its own name for a table."""

    kind: str
    table: str


@dataclass(frozen=True, slots=True)
class Renames:
    """What is renamed: tables with their indexes, and single indexes of other tables. clashes: why it cannot be."""

    tables: tuple[str, ...]
    indexes: tuple[str, ...] = ()
    clashes: tuple[str, ...] = ()


def renamed(name: str) -> str:
    """Return the new name of an old table or index."""
    return f"{BEFORE}{name}"


def relations(connection: Connection) -> dict[str, Relation]:
    """Return everything in the current schema that has a name; functions as "name()"."""
    if connection.dialect.name == "sqlite":
        rows = connection.exec_driver_sql("SELECT name, type, tbl_name FROM sqlite_master")
        return {name: Relation(kind, table) for name, kind, table in rows}
    rows = connection.exec_driver_sql(
        "SELECT c.relname, c.relkind::text, coalesce(t.relname, c.relname) FROM pg_class c"
        " LEFT JOIN pg_index i ON i.indexrelid = c.oid"
        " LEFT JOIN pg_class t ON t.oid = i.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE n.nspname = current_schema()"
        " UNION SELECT proname || '()', 'function', proname || '()' FROM pg_proc p"
        " JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname = current_schema()"
    )
    return {name: Relation(_KINDS.get(kind, kind), table) for name, kind, table in rows}


def find_renames(
    connection: Connection,
    script: ScriptDirectory,
    tables: Iterable[str],
    *,
    after: str | None = None,
    make_room: bool = False,
) -> Renames:
    """Return what has to be renamed for the catalogue, up to its newest revision.

    tables: those that are renamed in any case. after: the revision that the database has already. make_room: whether
    other tables and indexes are renamed too, where their names are needed.
    """
    there = relations(connection)
    # SQLite compares names without case.
    spelt = str.lower if connection.dialect.name == "sqlite" else str
    needed = _names_to_create(connection, script, there, after)
    in_the_way = {name: found for name, found in there.items() if spelt(name) in needed}
    moved = set(tables)
    indexes = set()
    if make_room:
        movable = {
            name: found for name, found in in_the_way.items() if name != adopted_ids.NAME and found.table not in moved
        }
        moved |= {name for name, found in movable.items() if found.kind == "table"}
        indexes = {name for name, found in movable.items() if found.kind == "index" and found.table not in moved}
    new_names = {renamed(name) for name, found in there.items() if found.table in moved or name in indexes}
    blocking = {
        **{name: found for name, found in in_the_way.items() if found.table not in moved and name not in indexes},
        **{name: found for name, found in there.items() if spelt(name) in map(spelt, new_names)},
    }
    clashes = [_clash(name, found) for name, found in sorted(blocking.items())]
    if connection.dialect.name != "sqlite":
        clashes += _too_long(name for name in there if renamed(name) in new_names)
    return Renames(tuple(sorted(moved)), tuple(sorted(indexes)), tuple(clashes))


def rename(connection: Connection, renames: Renames) -> None:
    """Rename the tables and indexes."""
    for name in renames.tables:
        _rename_table(connection, name)
    for name in renames.indexes:
        _rename_index(connection, name)


def _clash(name: str, found: Relation) -> str:
    of_table = f", of {found.table}" if found.table != name else ""
    return f"There is {name} already{of_table}, and its name is needed: rename it first."


def _too_long(names: Iterable[str]) -> list[str]:
    return [
        f"The name of {name} is too long to have {BEFORE} put before it: rename it first."
        for name in sorted(names)
        if len(renamed(name).encode()) > NAME_LENGTH
    ]


def _names_to_create(
    connection: Connection, script: ScriptDirectory, there: Mapping[str, Relation], after: str | None
) -> set[str]:
    """Return the names that the migrations after a revision create, even where a later one drops them."""
    function = f"{FUNCTION}()"
    if after is None and function in there:
        # The migrations cannot even be tried.
        return {adopted_ids.NAME, function}
    names = schema_history.relation_names(connection, script)
    if after is None:
        return {adopted_ids.NAME}.union(*names.values())
    later = [found for revision, found in names.items() if revision > after]
    return set().union(*later) - names[after]


def _rename_table(connection: Connection, name: str) -> None:
    """Rename a table and its indexes, whose names are unique across all tables in PostgreSQL and SQLite."""
    indexes = [each for each, found in relations(connection).items() if found.kind == "index" and found.table == name]
    connection.exec_driver_sql(f"ALTER TABLE {quoted(connection, name)} RENAME TO {quoted(connection, renamed(name))}")
    for index in indexes:
        _rename_index(connection, index)


def _rename_index(connection: Connection, name: str) -> None:
    old, new = quoted(connection, name), quoted(connection, renamed(name))
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"ALTER INDEX {old} RENAME TO {new}")
        return
    # SQLite cannot rename an index: drop and recreate it. Indexes of constraints have no SQL, and are renamed already.
    found = connection.exec_driver_sql("SELECT sql FROM sqlite_master WHERE type = 'index' AND name = ?", (name,))
    if (sql := found.scalar()) is not None:
        connection.exec_driver_sql(f"DROP INDEX {old}")
        connection.exec_driver_sql(_INDEX.sub(lambda match: match[1] + new, sql, count=1))
