"""Our own schema at each revision, to find the revision that a database corresponds to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, NestedTransaction, create_engine, event, inspect

from diptych.core.db.schema_version import VERSION_TABLE

FIRST = frozenset({"author", "tag", "book", "book_contributor", "book_tag"})
"""The tables that every revision has."""

Schema = dict[str, dict[str, Any]]
"""By table: its parts, by readable names such as "column name" or "index ix_author_name"."""


def revisions(script: ScriptDirectory) -> list[str]:
    """Return every revision, newest first."""
    return [item.revision for item in script.walk_revisions()]


AfterRevision = Callable[[Connection, str], object]
"""Called with a connection and a revision, once the tables of that revision exist."""


def build(
    connection: Connection, script: ScriptDirectory, revision: str, after_revision: AfterRevision = lambda _, __: None
) -> None:
    """Create the tables of a revision in the connection's current schema and transaction.

    after_revision: called after each revision from the first one to this.
    """
    steps = list(script.iterate_revisions(revision, "base"))
    with Operations.context(_InOneTransaction(connection.dialect, connection, {})):
        for step in reversed(steps):
            step.module.upgrade()
            after_revision(connection, step.revision)


def stamp(connection: Connection, script: ScriptDirectory, revision: str) -> None:
    """Set the revision of the database."""
    options = {"version_table": VERSION_TABLE}
    MigrationContext.configure(connection, opts=options).stamp(script, revision)


def stamped(connection: Connection, table: str) -> list[str]:
    """Return the revisions in a version table."""
    return sorted(MigrationContext.configure(connection, opts={"version_table": table}).get_current_heads())


def schema(connection: Connection, names: frozenset[str], within: str | None = None) -> Schema:
    """Describe tables by their parts. within: their PostgreSQL schema; None for the current one."""
    inspector = inspect(connection)
    compiled = connection.dialect.type_compiler_instance.process
    tables: Schema = {}
    for name in names:
        parts: dict[str, Any] = {
            f"column {column['name']}": (compiled(column["type"]), column["nullable"], column["default"])
            for column in inspector.get_columns(name, within)
        }
        key = inspector.get_pk_constraint(name, within)
        parts[f"primary key {key['name']}"] = key["constrained_columns"]
        for foreign in inspector.get_foreign_keys(name, within):
            referred = (foreign["referred_table"], foreign["referred_columns"])
            parts[f"foreign key {foreign['name']}"] = (foreign["constrained_columns"], *referred, foreign["options"])
        for unique in inspector.get_unique_constraints(name, within):
            parts[f"unique constraint {unique['name']}"] = unique["column_names"]
        for index in inspector.get_indexes(name, within):
            kept = {key: value for key, value in index.items() if key != "name" and value}
            # Conditions of partial indexes can only be compared as text.
            kept["dialect_options"] = {key: str(value) for key, value in index.get("dialect_options", {}).items()}
            parts[f"index {index['name']}"] = kept
        for check in inspector.get_check_constraints(name, within):
            parts[f"check {check['name']}"] = check["sqltext"]
        tables[name] = parts
    return tables


def differences(ours: Schema, theirs: Schema) -> list[str]:
    """Describe the differences: empty where `theirs` equals what the revision creates."""
    lines = []
    for name in sorted(ours):
        for part in sorted(ours[name].keys() | theirs.get(name, {}).keys()):
            if part not in theirs.get(name, {}):
                lines.append(f"{name} has no {part}")
            elif part not in ours[name]:
                lines.append(f"{name} has {_a(part)} too many")
            elif ours[name][part] != theirs[name][part]:
                lines.append(f"{name} has another {part}: {theirs[name][part]}, not {ours[name][part]}")
    return lines


def _a(part: str) -> str:
    return f"{'an' if part.startswith('index') else 'a'} {part}"


def nearest(connection: Connection, script: ScriptDirectory, present: frozenset[str]) -> tuple[str, list[str]]:
    """Return the revision whose schema is closest to the database's, the newest of equals, and the differences.

    present: the existing tables. Tables that no revision has are ignored. The comparison leaves nothing behind.
    """
    found: list[tuple[int, str, list[str]]] = []
    for revision in revisions(script):
        lines = differences_from(connection, script, revision, present)
        if not lines:
            return revision, []
        found.append((len(lines), revision, lines))
    _, revision, lines = min(found, key=lambda item: item[0])
    return revision, lines


def differences_from(
    connection: Connection, script: ScriptDirectory, revision: str, present: frozenset[str]
) -> list[str]:
    """Describe how the database's tables differ from a revision's: empty where they are equal.

    present: the existing tables. The comparison leaves nothing behind.
    """
    ours = _schema_at(connection, script, revision)
    return differences(ours, schema(connection, frozenset(ours) & present))


def relation_names(connection: Connection, script: ScriptDirectory) -> dict[str, set[str]]:
    """Return for each revision the names of its tables, indexes and triggers, and of what they consist of."""
    statement = "SELECT relname FROM pg_class WHERE relnamespace = pg_my_temp_schema()"
    if connection.dialect.name == "sqlite":
        statement = "SELECT name FROM sqlite_master"
    found = {}

    def note(scratch: Connection, revision: str) -> None:
        found[revision] = set(scratch.exec_driver_sql(statement).scalars())

    with _built(connection, script, str(script.get_current_head()), note):
        return found


def _schema_at(connection: Connection, script: ScriptDirectory, revision: str) -> Schema:
    """Return the schema of a revision, as this kind of database reports it."""
    with _built(connection, script, revision) as (scratch, namespace):
        if namespace is None:
            return schema(scratch, _tables(scratch))
        rows = scratch.exec_driver_sql(
            "SELECT relname FROM pg_class WHERE relnamespace = pg_my_temp_schema() AND relkind IN ('r', 'p')"
        )
        return schema(scratch, frozenset(rows.scalars()), namespace)


@contextmanager
def _built(
    connection: Connection, script: ScriptDirectory, revision: str, after_revision: AfterRevision = lambda _, __: None
) -> Iterator[tuple[Connection, str | None]]:
    """Create a revision's tables where they harm nothing, and yield a connection to them and their PostgreSQL schema.

    SQLite's are in a database in memory. PostgreSQL's are in the temporary schema, and rolled back.
    """
    if connection.dialect.name == "sqlite":
        engine = create_engine("sqlite://")
        try:
            with engine.connect() as scratch:
                build(scratch, script, revision, after_revision)
                yield scratch, None
        finally:
            engine.dispose()
        return
    home = connection.exec_driver_sql("SELECT quote_ident(current_schema())").scalar_one()
    with _undone(connection):
        connection.exec_driver_sql(
            "SELECT set_config('search_path', 'pg_temp, ' || current_setting('search_path'), true)"
        )
        with _functions_in(connection, home):
            build(connection, script, revision, after_revision)
        yield connection, connection.exec_driver_sql("SELECT pg_my_temp_schema()::regnamespace::text").scalar_one()


def _tables(connection: Connection) -> frozenset[str]:
    """Return the tables of a SQLite database without those of full-text indexes."""
    virtual = connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE sql LIKE 'CREATE VIRTUAL TABLE %'")
    kept = tuple(virtual.scalars())
    return frozenset(name for name in inspect(connection).get_table_names() if not name.startswith(kept))


@contextmanager
def _undone(connection: Connection) -> Iterator[NestedTransaction]:
    """Open a savepoint that is always rolled back."""
    savepoint = connection.begin_nested()
    try:
        yield savepoint
    finally:
        savepoint.rollback()


@contextmanager
def _functions_in(connection: Connection, home: str) -> Iterator[None]:
    """Create functions in the schema `home`: PostgreSQL never looks up functions in the temporary schema."""

    def there(_: Any, __: Any, statement: str, parameters: Any, ___: Any, ____: Any) -> tuple[str, Any]:
        return statement.replace("CREATE OR REPLACE FUNCTION ", f"CREATE OR REPLACE FUNCTION {home}."), parameters

    event.listen(connection, "before_cursor_execute", there, retval=True)
    try:
        yield
    finally:
        event.remove(connection, "before_cursor_execute", there)


class _InOneTransaction(MigrationContext):
    """Run revisions inside one transaction, including those that use an autocommit block."""

    @contextmanager
    def autocommit_block(self) -> Iterator[None]:
        """Replace CREATE INDEX CONCURRENTLY by a plain CREATE INDEX: no other session sees these tables yet."""
        connection = self.connection
        assert connection is not None  # noqa: S101 - it was made with one

        def plain(_: Any, __: Any, statement: str, parameters: Any, ___: Any, ____: Any) -> tuple[str, Any]:
            return statement.replace(" INDEX CONCURRENTLY ", " INDEX "), parameters

        event.listen(connection, "before_cursor_execute", plain, retval=True)
        try:
            yield
        finally:
            event.remove(connection, "before_cursor_execute", plain)
