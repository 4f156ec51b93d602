"""The triggers that record every change of the catalogue in the table `change`, whichever way it was made.

A change of a row is recorded with all its columns before and after, except those that are derived and the time of the
last change. A change of rows that belong to another, such as the tags of a book, is a change of that one: its `before`
has the rows that went, and its `after` those that came, under the name of that part.

PostgreSQL has two functions, for rows and for parts, and three triggers on each table, which fire once for a statement
and record all of its rows. Who made a change they read from the setting ATTRIBUTION of the transaction. SQLite has
three triggers on each table, which fire for each row, and reads the table SOURCE, which a transaction fills at its
beginning and empties before its end. Where neither says anything, the change was made past the service.

Migrations import this file: never edit it, add a new version instead.
"""

# ruff: noqa: S608 - no text from outside is in these statements

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import DDL, Connection, MetaData, Table, Uuid, event, text

if TYPE_CHECKING:
    from alembic.operations import Operations

ATTRIBUTION = "diptych.attribution"
"""PostgreSQL's setting for who makes a change, as diptych.core.attribution.Attribution.as_text writes it."""

SOURCE = "change_source"
"""SQLite's table of one row for the same; it is empty outside a transaction."""

ROWS, PARTS = "record_changes", "record_changes_of_part"
"""PostgreSQL's functions."""

OMITTED = ("search_text", "sort_key", "updated_at")
"""Columns that are not recorded: derived ones, and the time of the last change."""

EVENTS = ("insert", "update", "delete")

_INTO = "INSERT INTO change (at, principal, name, via, request_id, action, resource, resource_id, before, after)"
_WHO = "moment, who ->> 'principal', who ->> 'name', coalesce(who ->> 'via', 'unknown'), who ->> 'request_id',"
_DECLARED = f"""\
DECLARE
    who jsonb := nullif(current_setting('{ATTRIBUTION}', true), '')::jsonb;
    moment timestamptz := clock_timestamp();"""


class Recorded(NamedTuple):
    """A table whose changes are recorded.

    part: what its rows are of the row that they belong to, "" for rows of their own. owner: the table of that row; key:
    the column with its id. columns: those that are recorded. ids, times: those of them that SQLite writes in its own
    way.
    """

    table: str
    part: str
    owner: str
    key: str
    columns: tuple[str, ...]
    ids: tuple[str, ...]
    times: tuple[str, ...] = ()


def of_postgresql() -> dict[str, str]:
    """Return the statements that create PostgreSQL's functions, by name.

    The time zone is fixed, so that a time is written in one way.
    """
    omitted = ",".join(OMITTED)
    head = "RETURNS trigger LANGUAGE plpgsql SET timezone TO 'UTC' AS $$"
    rows = f"""\
CREATE OR REPLACE FUNCTION {ROWS}() {head}
{_DECLARED}
    omitted text[] := '{{{omitted}}}';
BEGIN
    IF TG_OP = 'INSERT' THEN
        {_INTO}
        SELECT {_WHO} 'create', TG_TABLE_NAME, id, NULL, to_jsonb(new_rows) - omitted
        FROM new_rows;
    ELSIF TG_OP = 'DELETE' THEN
        {_INTO}
        SELECT {_WHO} 'delete', TG_TABLE_NAME, id, to_jsonb(old_rows) - omitted, NULL
        FROM old_rows;
    ELSE
        {_INTO}
        SELECT {_WHO} CASE WHEN was IS NULL THEN 'create' WHEN is_now IS NULL THEN 'delete' ELSE 'update' END,
            TG_TABLE_NAME, id, was, is_now
        FROM (SELECT id, to_jsonb(old_rows) - omitted AS was FROM old_rows) AS o
        FULL JOIN (SELECT id, to_jsonb(new_rows) - omitted AS is_now FROM new_rows) AS n USING (id)
        WHERE was IS DISTINCT FROM is_now;
    END IF;
    RETURN NULL;
END
$$"""
    parts = f"""\
CREATE OR REPLACE FUNCTION {PARTS}() {head}
{_DECLARED}
    part text := TG_ARGV[0];
    owner text := TG_ARGV[1];
    key text := TG_ARGV[2];
BEGIN
    IF TG_OP = 'INSERT' THEN
        {_INTO}
        SELECT {_WHO} 'update', owner, (new_row ->> key)::uuid,
            jsonb_build_object(part, '[]'::jsonb), jsonb_build_object(part, jsonb_agg(new_row - key))
        FROM (SELECT to_jsonb(new_rows) AS new_row FROM new_rows) AS n GROUP BY new_row ->> key;
    ELSIF TG_OP = 'DELETE' THEN
        {_INTO}
        SELECT {_WHO} 'update', owner, (old_row ->> key)::uuid,
            jsonb_build_object(part, jsonb_agg(old_row - key)), jsonb_build_object(part, '[]'::jsonb)
        FROM (SELECT to_jsonb(old_rows) AS old_row FROM old_rows) AS o GROUP BY old_row ->> key;
    ELSE
        {_INTO}
        SELECT {_WHO} 'update', owner, (each ->> key)::uuid,
            jsonb_build_object(part, coalesce(jsonb_agg(each - key) FILTER (WHERE gone), '[]')),
            jsonb_build_object(part, coalesce(jsonb_agg(each - key) FILTER (WHERE NOT gone), '[]'))
        FROM (
            SELECT each, true AS gone FROM (
                SELECT to_jsonb(old_rows) AS each FROM old_rows EXCEPT ALL SELECT to_jsonb(new_rows) FROM new_rows
            ) AS o
            UNION ALL
            SELECT each, false FROM (
                SELECT to_jsonb(new_rows) AS each FROM new_rows EXCEPT ALL SELECT to_jsonb(old_rows) FROM old_rows
            ) AS n
        ) AS c GROUP BY each ->> key;
    END IF;
    RETURN NULL;
END
$$"""
    return {ROWS: rows, PARTS: parts}


def triggers_of(table: str) -> list[str]:
    """Return the names of a table's triggers."""
    return [f"{table}_change_{occasion}" for occasion in EVENTS]


def of_table(recorded: Recorded, dialect: str) -> list[str]:
    """Return the statements that create the triggers of a table."""
    return _on_sqlite(recorded) if dialect == "sqlite" else _on_postgresql(recorded)


def gone_from(table: str, dialect: str) -> list[str]:
    """Return the statements that drop the triggers of a table."""
    return [f"DROP TRIGGER {name}" + ("" if dialect == "sqlite" else f" ON {table}") for name in triggers_of(table)]


SOURCE_TABLE = f"CREATE TABLE {SOURCE} (principal TEXT, name TEXT, via TEXT NOT NULL, request_id TEXT)"


def _on_postgresql(recorded: Recorded) -> list[str]:
    call = f"{ROWS}()"
    if recorded.part:
        call = f"{PARTS}('{recorded.part}', '{recorded.owner}', '{recorded.key}')"
    old, new = "OLD TABLE AS old_rows", "NEW TABLE AS new_rows"
    referencing = {"insert": new, "update": f"{old} {new}", "delete": old}
    return [
        f"CREATE TRIGGER {name} AFTER {occasion.upper()} ON {recorded.table} REFERENCING {referencing[occasion]}"
        f" FOR EACH STATEMENT EXECUTE FUNCTION {call}"
        for occasion, name in zip(EVENTS, triggers_of(recorded.table), strict=True)
    ]


def _on_sqlite(recorded: Recorded) -> list[str]:
    table, key, columns = recorded.table, recorded.key, recorded.columns
    insert, update, delete = triggers_of(table)
    differ = " OR ".join(f"old.{name} IS NOT new.{name}" for name in columns)
    old, new = _json("old", recorded), _json("new", recorded)
    if recorded.part:
        some, none = "json_object('{}', json_array({}))", f"json_object('{recorded.part}', json_array())"
        old, new = some.format(recorded.part, old), some.format(recorded.part, new)
        came, went = (
            _record("update", recorded.owner, f"new.{key}", none, new),
            _record("update", recorded.owner, f"old.{key}", old, none),
        )
        # A row that goes to another owner is a change of both.
        stayed = _record("update", recorded.owner, f"old.{key}", old, new)
        same, differ = f"old.{key} IS new.{key}", f"{differ} OR old.{key} IS NOT new.{key}"
        changed = f"{stayed} AND {same}; {went} AND NOT {same}; {came} AND NOT {same}"
    else:
        came = _record("create", table, "new.id", "NULL", new)
        went = _record("delete", table, "old.id", old, "NULL")
        changed = _record("update", table, "new.id", old, new)
    return [
        f"CREATE TRIGGER {insert} AFTER INSERT ON {table} BEGIN {came}; END",
        f"CREATE TRIGGER {update} AFTER UPDATE ON {table} WHEN {differ} BEGIN {changed}; END",
        f"CREATE TRIGGER {delete} AFTER DELETE ON {table} BEGIN {went}; END",
    ]


def _record(action: str, resource: str, row_id: str, before: str, after: str) -> str:
    """Return the statement of SQLite's that records a change, to which a condition can be added."""
    return (
        f"{_INTO} SELECT strftime('%Y-%m-%d %H:%M:%f000', 'now'), principal, name, coalesce(via, 'unknown'),"
        f" request_id, '{action}', '{resource}', {row_id}, {before}, {after}"
        f" FROM (SELECT 1) LEFT JOIN {SOURCE} ON true WHERE true"
    )


def _json(row: str, recorded: Recorded) -> str:
    pairs = [f"'{name}', {_value(row, name, recorded)}" for name in recorded.columns]
    return f"json_object({', '.join(pairs)})"


def _value(row: str, name: str, recorded: Recorded) -> str:
    """Return a column's value as PostgreSQL writes it into JSON."""
    column = f"{row}.{name}"
    if name in recorded.ids:
        parts = [
            f"substr({column}, {first}, {length})" for first, length in ((1, 8), (9, 4), (13, 4), (17, 4), (21, 12))
        ]
        return " || '-' || ".join(parts)
    if name in recorded.times:
        return f"replace({column}, ' ', 'T') || '+00:00'"
    return column


def create(op: Operations, recorded: Recorded) -> None:
    """Create the triggers of a table, in a migration that has created the table."""
    for statement in of_table(recorded, op.get_context().dialect.name):
        op.execute(statement)


def drop(op: Operations, table: str) -> None:
    """Drop the triggers of a table, in a migration."""
    for statement in gone_from(table, op.get_context().dialect.name):
        op.execute(statement)


def record(table: Table, part: str = "") -> None:
    """Record the changes of a table's rows. part: what they are of the row that they belong to, if they do."""
    table.info[_PART] = part
    event.listen(table, "after_create", _create_triggers)


def is_recorded(table: Table) -> bool:
    """Return whether the changes of a table's rows are recorded."""
    return _PART in table.info


def of(table: Table, *, without: Iterable[str] = ()) -> Recorded:
    """Return how a table is recorded. without: columns to leave out."""
    part = table.info[_PART]
    owner, key = table.name, "id"
    if part:
        column = next(each for each in table.primary_key.columns if each.foreign_keys)
        owner, key = next(iter(column.foreign_keys)).column.table.name, column.name
    left_out = {*OMITTED, *without, *([key] if part else ())}
    columns = [column for column in table.columns if column.name not in left_out]
    return Recorded(
        table.name,
        part,
        owner,
        key,
        tuple(column.name for column in columns),
        tuple(column.name for column in columns if isinstance(column.type, Uuid)),
        tuple(column.name for column in columns if column.type.python_type is datetime),
    )


def watch(metadata: MetaData, changes: Table) -> None:
    """Create what the triggers need before the tables, and drop it after them. changes: the table of changes."""
    for name, statement in of_postgresql().items():
        event.listen(metadata, "before_create", _ddl(statement, "postgresql"))
        event.listen(metadata, "after_drop", _ddl(f"DROP FUNCTION IF EXISTS {name}()", "postgresql"))
    event.listen(changes, "after_create", _ddl(SOURCE_TABLE, "sqlite"))
    event.listen(changes, "before_drop", _ddl(f"DROP TABLE {SOURCE}", "sqlite"))


def missing(connection: Connection, tables: Iterable[Table]) -> list[str]:
    """Return what a database lacks or has in another form, of what records the changes of these tables."""
    recorded = [of(table) for table in tables if is_recorded(table)]
    if connection.dialect.name == "postgresql":
        return _missing_on_postgresql(connection, recorded)
    found = set(connection.exec_driver_sql("SELECT sql FROM sqlite_master").scalars())
    made = [SOURCE_TABLE, *(statement for each in recorded for statement in of_table(each, "sqlite"))]
    return [
        re.split(r" (?:AFTER|\()", statement, maxsplit=1)[0].removeprefix("CREATE ").lower()
        for statement in made
        if statement not in found
    ]


def _missing_on_postgresql(connection: Connection, recorded: Sequence[Recorded]) -> list[str]:
    bodies = dict(
        connection.execute(
            text("SELECT proname, prosrc FROM pg_proc WHERE oid IN (to_regproc(:rows), to_regproc(:parts))"),
            {"rows": ROWS, "parts": PARTS},
        )
        .tuples()
        .all()
    )
    names = text("SELECT tgname FROM pg_trigger WHERE tgrelid = to_regclass(:table) AND NOT tgisinternal")
    lacking = [
        f"trigger {name}"
        for each in recorded
        for name in sorted({*triggers_of(each.table)} - {*connection.scalars(names, {"table": each.table})})
    ]
    changed = [name for name, made in of_postgresql().items() if bodies.get(name) != made.split("$$")[1]]
    return [*(f"function {name}" for name in changed), *lacking]


_PART = "diptych_history"
"""Key in the info of a table that is recorded."""


def _create_triggers(table: Table, connection: Connection, **_: Any) -> None:
    # Only now all columns have types: those of foreign keys follow from tables that are mapped later.
    dialect = connection.dialect.name
    for statement in of_table(of(table), dialect):
        connection.execute(_ddl(statement, dialect))


def _ddl(statement: str, dialect: str) -> Any:
    # DDL() formats the statement with %.
    return DDL(statement.replace("%", "%%")).execute_if(dialect=dialect)  # type: ignore[no-untyped-call]
