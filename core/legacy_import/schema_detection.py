"""Detect whose schema a database has: ours at some revision, a known earlier one, or an unknown one."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from typing import Any

from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Date, DateTime, Enum, Integer, String, Uuid, inspect

from diptych.core.db.schema_version import VERSION_TABLE
from diptych.core.engine.fulltext_index import FUNCTION
from diptych.core.legacy_import import schema_history
from diptych.core.legacy_import.column_mapping import AUTHOR, BOOK, Field

PAIRS = (("author", "book"), ("authors", "books"))
"""The pairs of table names that earlier applications use."""

VERSION_TABLES = ("alembic_version", VERSION_TABLE)
"""The version tables of Flask-Migrate and Alembic, and of advanced-alchemy."""

MAP = "adopted_id"
"""The table that maps old integer ids to new UUIDs."""

BEFORE = "before_adoption_"
"""Prefix of the old tables' new names."""

NAME_LENGTH = 63
"""Bytes that PostgreSQL keeps of an identifier."""

_SQLITE_KINDS = {
    "integer": ("INTEGER", "INT", "BIGINT", "SMALLINT"),
    "text": ("TEXT", "VARCHAR", "CHAR", "NVARCHAR", "NCHAR", "CLOB", "STRING"),
    "date": ("DATE",),
    "time": ("DATETIME", "TIMESTAMP"),
    "bytes": ("BINARY", "BLOB", "UUID", "GUID"),
}
_KIND_OF = {declared: kind for kind, names in _SQLITE_KINDS.items() for declared in names}


@dataclass(frozen=True, slots=True)
class OldTable:
    """An earlier application's table of authors or books.

    columns: by field, its column and kind. left: columns that have no counterpart here.
    """

    noun: str
    name: str
    fields: tuple[Field, ...]
    columns: dict[str, tuple[str, str]]
    left: tuple[str, ...]

    @property
    def numbered(self) -> bool:
        """Whether its ids are integers."""
        return self.columns["id"][1] == "integer"


@dataclass(frozen=True, slots=True)
class NothingToAdopt:
    """There is nothing to adopt, and why."""

    reason: str


@dataclass(frozen=True, slots=True)
class UnknownSchema:
    """The schema is unknown, and why, one sentence for each reason."""

    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OwnSchema:
    """Our own schema as of a revision, without a version table. versions: version tables of others."""

    revision: str
    versions: dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class LegacySchema:
    """The tables of an earlier application. referring: other tables that refer to these."""

    authors: OldTable
    books: OldTable
    versions: dict[str, list[str]]
    referring: tuple[str, ...]


DetectedSchema = NothingToAdopt | UnknownSchema | OwnSchema | LegacySchema


def detect_schema(connection: Connection, script: ScriptDirectory, leave: frozenset[str]) -> DetectedSchema:
    """Detect the schema of a database without changing it. leave: columns, as "book.isbn", that are not copied."""
    tables = frozenset(inspect(connection).get_table_names())
    versions = {name: schema_history.stamped(connection, name) for name in VERSION_TABLES if name in tables}
    known = set(schema_history.revisions(script))
    ours = versions.pop(VERSION_TABLE, [])
    if ours and tables >= schema_history.FIRST:
        strange = ", ".join(item for item in ours if item not in known)
        if strange:
            return UnknownSchema(
                (f"This looks like the catalogue at revision {strange}, which is not one of this release's.",)
            )
        return NothingToAdopt(_at(ours, script))
    foreign = {**versions, **({VERSION_TABLE: ours} if ours else {})}
    if tables >= schema_history.FIRST:
        revision, lines = schema_history.nearest(connection, script, tables)
        if lines:
            head = f"This looks like the catalogue at revision {revision}, but"
            return UnknownSchema(tuple(f"{head} {item}." for item in lines))
        return _unless_clashing(connection, script, OwnSchema(revision, foreign))
    return _earlier(connection, script, tables, foreign, leave)


def _at(ours: list[str], script: ScriptDirectory) -> str:
    at = ", ".join(ours)
    if ours == script.get_heads():
        return f"There is nothing to adopt: this is the catalogue, at the newest revision, {at}."
    return f"There is nothing to adopt: this is the catalogue, at revision {at}. `diptych database upgrade` goes on."


def _earlier(
    connection: Connection,
    script: ScriptDirectory,
    tables: frozenset[str],
    versions: dict[str, list[str]],
    leave: frozenset[str],
) -> DetectedSchema:
    named = [pair for pair in PAIRS if tables.intersection(pair)]
    others = sorted(tables - {*versions, VERSION_TABLE})
    if not others:
        return NothingToAdopt(
            "There is nothing to adopt: the database has no tables. `diptych database upgrade` makes them."
        )
    if not named:
        return UnknownSchema(
            (
                f"There are tables here ({', '.join(others)}), but none that is known to hold authors and books.",
                "`diptych database upgrade` makes the catalogue's own tables beside them.",
            )
        )
    if len(named) > 1:
        names = " and others called ".join(" or ".join(pair) for pair in named)
        return UnknownSchema((f"There are tables called {names}: rename those not to be adopted.",))
    missing = [name for name in named[0] if name not in tables]
    if missing:
        return UnknownSchema((f"There is a table {', '.join(set(named[0]) - set(missing))} and no {missing[0]}.",))
    reader = _Reader(connection, leave)
    authors = reader.table("author", named[0][0], AUTHOR)
    books = reader.table("book", named[0][1], BOOK)
    if not reader.reasons:
        reader.reference(books, authors)
    reader.refuse_misnamed_leaves((authors, books))
    if reader.reasons:
        return UnknownSchema(tuple(reader.reasons))
    referring = sorted(_referring(connection, tables - set(named[0]), set(named[0])))
    return _unless_clashing(connection, script, LegacySchema(authors, books, versions, tuple(referring)))


class _Reader:
    """Read tables, and collect what is wrong with them."""

    def __init__(self, connection: Connection, leave: frozenset[str]) -> None:
        self._connection = connection
        self._inspector = inspect(connection)
        self._leave = leave
        self.reasons: list[str] = []

    def table(self, noun: str, name: str, fields: tuple[Field, ...]) -> OldTable:
        """Read one table and map its columns."""
        kinds = self._kinds(name)
        columns: dict[str, tuple[str, str]] = {}
        for field in fields:
            there = [each for each in field.found_as if each in kinds and f"{name}.{each}" not in self._leave]
            if there and kinds[there[0]] in field.kinds:
                columns[field.name] = (there[0], kinds[there[0]])
            elif there:
                self._refuse_kind(field, f"{name}.{there[0]}", kinds[there[0]])
            elif field.required:
                self.reasons.append(f"{name} has no column {field.name}.")
        if self._inspector.get_pk_constraint(name)["constrained_columns"] != ["id"]:
            self.reasons.append(f"The primary key of {name} is not the one column id.")
        if self._connection.dialect.name == "sqlite" and self._without_rowid(name):
            self.reasons.append(f"{name} is a table WITHOUT ROWID.")
        taken = {column for column, _ in columns.values()}
        return OldTable(noun, name, fields, columns, tuple(column for column in kinds if column not in taken))

    def reference(self, books: OldTable, authors: OldTable) -> None:
        """Report books whose author_id is not a foreign key to the author."""
        wanted = (["author_id"], authors.name, ["id"])
        keys = self._inspector.get_foreign_keys(books.name)
        if wanted not in [
            (key["constrained_columns"], key["referred_table"], key["referred_columns"])
            for key in keys
            if key["referred_schema"] is None
        ]:
            self.reasons.append(f"{books.name}.author_id is no foreign key to {authors.name}.id.")
        if (books.columns["author_id"][1] == "integer") != authors.numbered:
            self.reasons.append(f"{books.name}.author_id and {authors.name}.id are not of one type.")

    def refuse_misnamed_leaves(self, tables: tuple[OldTable, ...]) -> None:
        """Report columns to leave that do not exist, so that a typo is found before anything is copied."""
        there = {f"{table.name}.{column}" for table in tables for column in table.left}
        required = {f"{table.name}.{field.name}" for table in tables for field in table.fields if field.required}
        self.reasons += [f"--leave {item}: there is no such column." for item in sorted(self._leave - there - required)]

    def _refuse_kind(self, field: Field, column: str, kind: str) -> None:
        known = " or ".join(sorted(field.kinds))
        way_out = "" if field.required else f" --leave {column} leaves it where it is."
        self.reasons.append(f"{column} is of type {kind}, and {known} is known.{way_out}")

    def _kinds(self, table: str) -> dict[str, str]:
        """Return the kind of each column: one that fields know, or the database's type."""
        if self._connection.dialect.name == "sqlite":
            # SQLAlchemy would report NUMERIC for BINARY(16).
            rows = self._connection.exec_driver_sql(f"PRAGMA table_info({self._quoted(table)})")
            declared = {row[1]: str(row[2]).upper() for row in rows}
            return {name: _KIND_OF.get(kind.partition("(")[0].strip(), kind) for name, kind in declared.items()}
        return {column["name"]: self._kind(column["type"]) for column in self._inspector.get_columns(table)}

    def _kind(self, column_type: Any) -> str:
        match column_type:
            case Integer():
                return "integer"
            case Uuid():
                return "uuid"
            case String() if not isinstance(column_type, Enum):
                return "text"
            case Date():
                return "date"
            case DateTime():
                return "aware time" if column_type.timezone else "time"
        return str(self._connection.dialect.type_compiler_instance.process(column_type))

    def _without_rowid(self, table: str) -> bool:
        rows = self._connection.exec_driver_sql(f"PRAGMA table_list({self._quoted(table)})")
        return any(row[4] for row in rows)

    def _quoted(self, name: str) -> str:
        return self._connection.dialect.identifier_preparer.quote_identifier(name)


def _referring(connection: Connection, tables: frozenset[str], to: set[str]) -> set[str]:
    inspector = inspect(connection)
    return {
        table
        for table in tables
        if any(
            key["referred_table"] in to and key["referred_schema"] is None for key in inspector.get_foreign_keys(table)
        )
    }


def renamed(name: str) -> str:
    """Return the new name of an old table or index."""
    return f"{BEFORE}{name}"


def renames(shape: OwnSchema | LegacySchema) -> dict[str, str]:
    """Return the tables to rename, and their new names."""
    tables = [shape.authors.name, shape.books.name] if isinstance(shape, LegacySchema) else []
    return {name: renamed(name) for name in [*tables, *shape.versions]}


def relations(connection: Connection) -> dict[str, str]:
    """Return every relation in the current schema by name, with the table that it belongs to; functions as "name()"."""
    if connection.dialect.name == "sqlite":
        return dict(connection.exec_driver_sql("SELECT name, tbl_name FROM sqlite_master").tuples().all())
    rows = connection.exec_driver_sql(
        "SELECT c.relname, coalesce(t.relname, c.relname) FROM pg_class c LEFT JOIN pg_index i ON i.indexrelid = c.oid"
        " LEFT JOIN pg_class t ON t.oid = i.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE n.nspname = current_schema()"
        " UNION SELECT proname || '()', proname || '()' FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace"
        " WHERE n.nspname = current_schema()"
    )
    return dict(rows.tuples().all())


def _unless_clashing(
    connection: Connection, script: ScriptDirectory, shape: OwnSchema | LegacySchema
) -> DetectedSchema:
    """Return the detected schema, or the names that it needs, up to the newest revision, and that others have."""
    making_room = renames(shape)
    there = relations(connection)
    needed = set(making_room.values())
    needed |= {renamed(name) for name, table in there.items() if table in making_room}
    needed |= _names_to_create(connection, script, shape, there)
    # SQLite compares names without case.
    spelt = str.lower if connection.dialect.name == "sqlite" else str
    reasons = [
        f"There is {name} already{f', of {table}' if table != name else ''}, and its name is needed: rename it first."
        for name, table in sorted(there.items())
        if spelt(name) in needed and table not in making_room
    ]
    reasons += [
        f"The name of {name} is too long to have {BEFORE} put before it: rename it first."
        for name, table in sorted(there.items())
        if table in making_room and len(renamed(name).encode()) > NAME_LENGTH and connection.dialect.name != "sqlite"
    ]
    return UnknownSchema(tuple(reasons)) if reasons else shape


def _names_to_create(
    connection: Connection, script: ScriptDirectory, shape: OwnSchema | LegacySchema, there: Container[str]
) -> set[str]:
    """Return the names that the migrations after the detected schema create, even where a later one drops them.

    there: the names that the database has.
    """
    function = f"{FUNCTION}()"
    if isinstance(shape, LegacySchema) and function in there:
        # The migrations cannot even be tried.
        return {MAP, function}
    names = {each: schema_history.relation_names(connection, script, each) for each in schema_history.revisions(script)}
    if isinstance(shape, LegacySchema):
        return {MAP}.union(*names.values())
    later = [found for revision, found in names.items() if revision > shape.revision]
    return set().union(*later) - names[shape.revision]
