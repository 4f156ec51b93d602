"""The estate: what tables, columns and keys an earlier database has."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    Boolean,
    Connection,
    Date,
    DateTime,
    Enum,
    Inspector,
    Integer,
    LargeBinary,
    Numeric,
    String,
    Uuid,
    inspect,
)
from sqlalchemy.exc import SAWarning
from sqlalchemy.types import NullType

_SQLITE_KINDS = {
    "integer": ("INTEGER", "INT", "BIGINT", "SMALLINT"),
    "text": ("TEXT", "VARCHAR", "CHAR", "NVARCHAR", "NCHAR", "CLOB", "STRING"),
    "date": ("DATE",),
    "time": ("DATETIME", "TIMESTAMP"),
    "bytes": ("BINARY", "BLOB", "UUID", "GUID"),
    "boolean": ("BOOLEAN", "BOOL"),
    "number": ("NUMERIC", "DECIMAL", "FLOAT", "REAL", "DOUBLE"),
}
KNOWN_KINDS = frozenset(_SQLITE_KINDS) | {"uuid", "aware time"}
"""The kinds of columns that conversions understand; a column of any other type has the database's name of its type."""

_KIND_OF = {declared: kind for kind, names in _SQLITE_KINDS.items() for declared in names}

_POSTGRESQL_KINDS: dict[type[Any], str] = {
    Integer: "integer",
    Uuid: "uuid",
    String: "text",
    Date: "date",
    Boolean: "boolean",
    Numeric: "number",
    LargeBinary: "bytes",
}


@dataclass(frozen=True, slots=True)
class EstateTable:
    """A table of an earlier application.

    columns: the kind of each: one of _SQLITE_KINDS, "uuid", "aware time", or the database's type. key: the column
    that is the primary key; None where it is several, or none. primary_key: all columns of it. unique: columns that
    identify a row. references: by column, the table that a foreign key refers to. ordered_by: the column by which its
    rows are read.
    """

    name: str
    columns: Mapping[str, str]
    key: str | None
    primary_key: tuple[str, ...]
    unique: frozenset[str]
    references: Mapping[str, str]
    has_rowid: bool

    def ordered_by(self, id_column: str) -> str:
        """Return the column by which its rows are read: SQLite's rowid, for a primary key there may be NULL.

        A column of the table may have one of the rowid's names, and hides it.
        """
        taken = {name.lower() for name in self.columns}
        free = [name for name in ("rowid", "_rowid_", "oid") if name not in taken]
        return free[0] if self.has_rowid and free else id_column


Estate = Mapping[str, EstateTable]
"""The tables of an earlier application, by name."""


def inspect_estate(connection: Connection, names: frozenset[str]) -> Estate:
    """Inspect the tables of these names in the connection's current schema."""
    inspector = inspect(connection)
    with warnings.catch_warnings():
        # Of types that other extensions add: their columns stay behind.
        warnings.simplefilter("ignore", SAWarning)
        return {name: _table(connection, inspector, name) for name in sorted(names)}


def quoted(connection: Connection, name: str) -> str:
    """Return a name in quotes."""
    return connection.dialect.identifier_preparer.quote_identifier(name)


def _table(connection: Connection, inspector: Inspector, name: str) -> EstateTable:
    on_sqlite = connection.dialect.name == "sqlite"
    columns = inspector.get_columns(name)
    key = tuple(inspector.get_pk_constraint(name)["constrained_columns"])
    required = {each["name"] for each in columns if not each["nullable"]}
    single = {
        each["column_names"][0] for each in inspector.get_unique_constraints(name) if len(each["column_names"]) == 1
    }
    return EstateTable(
        name,
        _sqlite_kinds(connection, name)
        if on_sqlite
        else {each["name"]: _kind(connection, each["type"]) for each in columns},
        key[0] if len(key) == 1 else None,
        key,
        frozenset(single & required) | frozenset(key if len(key) == 1 else ()),
        {
            each["constrained_columns"][0]: each["referred_table"]
            for each in inspector.get_foreign_keys(name)
            if len(each["constrained_columns"]) == 1 and each["referred_schema"] is None
        },
        on_sqlite and _has_rowid(connection, name),
    )


def _sqlite_kinds(connection: Connection, name: str) -> dict[str, str]:
    # SQLAlchemy would report NUMERIC for BINARY(16).
    rows = connection.exec_driver_sql(f"PRAGMA table_info({quoted(connection, name)})")
    declared = {row[1]: str(row[2]).upper() for row in rows}
    return {column: _KIND_OF.get(kind.partition("(")[0].strip(), kind) for column, kind in declared.items()}


def _kind(connection: Connection, column_type: Any) -> str:
    if isinstance(column_type, DateTime):
        return "aware time" if column_type.timezone else "time"
    if not isinstance(column_type, Enum):
        for known, kind in _POSTGRESQL_KINDS.items():
            if isinstance(column_type, known):
                return kind
    if isinstance(column_type, NullType):
        return "unknown"
    return str(connection.dialect.type_compiler_instance.process(column_type))


def _has_rowid(connection: Connection, name: str) -> bool:
    rows = connection.exec_driver_sql(f"PRAGMA table_list({quoted(connection, name)})")
    return not any(row[4] for row in rows)
