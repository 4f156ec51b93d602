"""The triggers that record every change of the catalogue in the table `change`, whichever way it was made.

A change of a row is recorded with all its columns before and after, except those that are derived and the time of the
last change. A change of rows that belong to another, such as the tags of a book, is a change of that one: its `before`
has the rows that went, and its `after` those that came, under the name of that part.

Changes of accounts, tokens and the policy are recorded in the same way, in the table `security_event`, without hashes.

PostgreSQL has three functions, for rows, for parts and for events, and three triggers on each table, which fire once
for a statement and record all of its rows. Who made a change they read from the setting ATTRIBUTION of the transaction.
SQLite has three triggers on each table, which fire for each row, and reads the table SOURCE, which a transaction fills
at its beginning and empties before its end. Where neither says anything, the change was made past the service.

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

ROWS, PARTS, EVENTS = "record_changes", "record_changes_of_part", "record_security_events"
"""PostgreSQL's functions."""

OMITTED = ("search_text", "sort_key", "updated_at")
"""Columns that are not recorded: derived ones, and the time of the last change."""

OCCASIONS = ("insert", "update", "delete")

UNRECORDED = {"recorded": False}
"""The info of a column that is not recorded, such as a hash."""

_INTO = "INSERT INTO change (at, principal, name, via, request_id, action, resource, resource_id, before, after)"
_INTO_EVENTS = "INSERT INTO security_event (at, principal, name, via, request_id, event, account_id, before, after)"
_WHO = "moment, who ->> 'principal', who ->> 'name', coalesce(who ->> 'via', 'unknown'), who ->> 'request_id',"
_WHO_ON_SQLITE = "strftime('%Y-%m-%d %H:%M:%f000', 'now'), principal, name, coalesce(via, 'unknown'), request_id,"
_FROM_SOURCE = f"FROM (SELECT 1) LEFT JOIN {SOURCE} ON true WHERE true"
_DECLARED = f"""\
DECLARE
    who jsonb := nullif(current_setting('{ATTRIBUTION}', true), '')::jsonb;
    moment timestamptz := clock_timestamp();"""


class Recorded(NamedTuple):
    """A table whose changes are recorded.

    part: what its rows are of the row that they belong to, "" for rows of their own. owner: the table of that row; key:
    the column with its id. columns: those that are recorded. ids, times: those of them that SQLite writes in its own
    way. noun: what security events call a row, "" for rows of the catalogue; key is then the column with the id of the
    account, "" if there is none. omitted: the columns that events leave out.
    """

    table: str
    part: str
    owner: str
    key: str
    columns: tuple[str, ...]
    ids: tuple[str, ...]
    times: tuple[str, ...] = ()
    noun: str = ""
    omitted: tuple[str, ...] = ()


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
    events = f"""\
CREATE OR REPLACE FUNCTION {EVENTS}() {head}
{_DECLARED}
    noun text := TG_ARGV[0];
    account text := TG_ARGV[1];
    omitted text[] := TG_ARGV[2]::text[];
BEGIN
    IF TG_OP = 'INSERT' THEN
        {_INTO_EVENTS}
        SELECT {_WHO} noun || '_created', (is_now ->> account)::uuid, NULL, is_now - omitted
        FROM (SELECT to_jsonb(new_rows) AS is_now FROM new_rows) AS n;
    ELSIF TG_OP = 'DELETE' THEN
        {_INTO_EVENTS}
        SELECT {_WHO} noun || '_deleted', (was ->> account)::uuid, was - omitted, NULL
        FROM (SELECT to_jsonb(old_rows) AS was FROM old_rows) AS o;
    ELSE
        {_INTO_EVENTS}
        SELECT {_WHO} noun || '_changed', (is_now ->> account)::uuid, was - omitted, is_now - omitted
        FROM (SELECT to_jsonb(old_rows) AS was FROM old_rows) AS o
        JOIN (SELECT to_jsonb(new_rows) AS is_now FROM new_rows) AS n
            ON coalesce(was ->> 'id', was ->> account) = coalesce(is_now ->> 'id', is_now ->> account)
        WHERE was - omitted IS DISTINCT FROM is_now - omitted;
    END IF;
    RETURN NULL;
END
$$"""
    return {ROWS: rows, PARTS: parts, EVENTS: events}


def triggers_of(table: str) -> list[str]:
    """Return the names of a table's triggers."""
    return [f"{table}_change_{occasion}" for occasion in OCCASIONS]


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
    if recorded.noun:
        call = f"{EVENTS}('{recorded.noun}', '{recorded.key}', '{{{','.join(recorded.omitted)}}}')"
    old, new = "OLD TABLE AS old_rows", "NEW TABLE AS new_rows"
    referencing = {"insert": new, "update": f"{old} {new}", "delete": old}
    return [
        f"CREATE TRIGGER {name} AFTER {occasion.upper()} ON {recorded.table} REFERENCING {referencing[occasion]}"
        f" FOR EACH STATEMENT EXECUTE FUNCTION {call}"
        for occasion, name in zip(OCCASIONS, triggers_of(recorded.table), strict=True)
    ]


def _on_sqlite(recorded: Recorded) -> list[str]:
    table, key, columns = recorded.table, recorded.key, recorded.columns
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
    elif recorded.noun:
        came = _record_event(f"{recorded.noun}_created", f"new.{key}" if key else "NULL", "NULL", new)
        went = _record_event(f"{recorded.noun}_deleted", f"old.{key}" if key else "NULL", old, "NULL")
        changed = _record_event(f"{recorded.noun}_changed", f"new.{key}" if key else "NULL", old, new)
    else:
        came = _record("create", table, "new.id", "NULL", new)
        went = _record("delete", table, "old.id", old, "NULL")
        changed = _record("update", table, "new.id", old, new)
    insert, update, delete = triggers_of(table)
    return [
        f"CREATE TRIGGER {insert} AFTER INSERT ON {table} BEGIN {came}; END",
        f"CREATE TRIGGER {update} AFTER UPDATE ON {table} WHEN {differ} BEGIN {changed}; END",
        f"CREATE TRIGGER {delete} AFTER DELETE ON {table} BEGIN {went}; END",
    ]


def _record(action: str, resource: str, row_id: str, before: str, after: str) -> str:
    """Return the statement of SQLite's that records a change, to which a condition can be added."""
    return f"{_INTO} SELECT {_WHO_ON_SQLITE} '{action}', '{resource}', {row_id}, {before}, {after} {_FROM_SOURCE}"


def _record_event(event: str, account_id: str, before: str, after: str) -> str:
    """Return the statement of SQLite's that records a security event."""
    return f"{_INTO_EVENTS} SELECT {_WHO_ON_SQLITE} '{event}', {account_id}, {before}, {after} {_FROM_SOURCE}"


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


def record_events(table: Table, noun: str, account: str) -> None:
    """Record the changes of a table's rows as security events.

    noun: what events call a row. account: the column with the id of the account, "" if there is none.
    """
    table.info[_EVENTS] = (noun, account)
    record(table)


def is_recorded(table: Table) -> bool:
    """Return whether the changes of a table's rows are recorded, in either table."""
    return _PART in table.info


def in_history(table: Table) -> bool:
    """Return whether a table's rows have a history: events of security are none."""
    return is_recorded(table) and _EVENTS not in table.info


def of(table: Table, *, without: Iterable[str] = ()) -> Recorded:
    """Return how a table is recorded. without: columns to leave out."""
    part = table.info[_PART]
    owner, key = table.name, "id"
    if part:
        column = next(each for each in table.primary_key.columns if each.foreign_keys)
        owner, key = next(iter(column.foreign_keys)).column.table.name, column.name
    hidden = [column.name for column in table.columns if not column.info.get("recorded", True)]
    left_out = {*OMITTED, *hidden, *without, *([key] if part else ())}
    columns = [column for column in table.columns if column.name not in left_out]
    noun: str = ""
    omitted: tuple[str, ...] = ()
    if _EVENTS in table.info:
        noun, key = table.info[_EVENTS]
        omitted = (*OMITTED, *hidden)
    return Recorded(
        table.name,
        part,
        owner,
        key,
        tuple(column.name for column in columns),
        tuple(column.name for column in columns if isinstance(column.type, Uuid)),
        tuple(column.name for column in columns if column.type.python_type is datetime),
        noun,
        omitted,
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
            text(
                "SELECT proname, prosrc FROM pg_proc"
                " WHERE oid IN (to_regproc(:rows), to_regproc(:parts), to_regproc(:events))"
            ),
            {"rows": ROWS, "parts": PARTS, "events": EVENTS},
        )
        .tuples()
        .all()
    )
    # A disabled trigger, such as of a restore that was interrupted, records nothing.
    names = text(
        "SELECT tgname FROM pg_trigger WHERE tgrelid = to_regclass(:table) AND NOT tgisinternal"
        " AND tgenabled IN ('O', 'A')"
    )
    lacking = [
        f"trigger {name}"
        for each in recorded
        for name in sorted({*triggers_of(each.table)} - {*connection.scalars(names, {"table": each.table})})
    ]
    changed = [name for name, made in of_postgresql().items() if bodies.get(name) != made.split("$$")[1]]
    return [*(f"function {name}" for name in changed), *lacking]


_PART = "diptych_history"
"""Key in the info of a table that is recorded."""

_EVENTS = "diptych_security_events"
"""Key in the info of a table whose changes are security events."""


def _create_triggers(table: Table, connection: Connection, **_: Any) -> None:
    # Only now all columns have types: those of foreign keys follow from tables that are mapped later.
    dialect = connection.dialect.name
    for statement in of_table(of(table), dialect):
        connection.execute(_ddl(statement, dialect))


def _ddl(statement: str, dialect: str) -> Any:
    # DDL() formats the statement with %.
    return DDL(statement.replace("%", "%%")).execute_if(dialect=dialect)  # type: ignore[no-untyped-call]
