"""A schema as the database's system catalogue reports it: everything that can differ, as text."""

from __future__ import annotations

import re

from sqlalchemy import Connection

from tests.support.rows import VERSIONS

Schema = dict[str, str]
"""Object -> its definition. The order of a table's columns is left out: nothing depends on it."""

_POSTGRESQL = """
SELECT 'relation ' || c.relname,
       concat_ws(' ', c.relkind, c.relpersistence, c.reloptions::text,
                 CASE WHEN c.relrowsecurity THEN 'row security' END,
                 CASE WHEN c.relkind IN ('v', 'm') THEN pg_get_viewdef(c.oid) END)
FROM pg_class c WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind NOT IN ('i', 't')
UNION ALL
SELECT concat('column ', c.relname, '.', a.attname),
       concat_ws(' ', format_type(a.atttypid, a.atttypmod), 'COLLATE ' || nullif(l.collname, 'default'),
                 CASE WHEN a.attnotnull THEN 'NOT NULL' END, 'DEFAULT ' || pg_get_expr(d.adbin, d.adrelid),
                 'identity ' || nullif(a.attidentity::text, ''),
                 'generated ' || nullif(a.attgenerated::text, ''))
FROM pg_attribute a
JOIN pg_class c ON c.oid = a.attrelid AND c.relkind IN ('r', 'p', 'v', 'm')
LEFT JOIN pg_collation l ON l.oid = a.attcollation
LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE c.relnamespace = current_schema()::regnamespace AND a.attnum > 0 AND NOT a.attisdropped
UNION ALL
SELECT concat('constraint ', c.relname, '.', k.conname), pg_get_constraintdef(k.oid)
FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
WHERE k.connamespace = current_schema()::regnamespace AND k.contype <> 'n'  -- NOT NULL: said of the column
UNION ALL
SELECT concat('index ', c.relname, '.', x.relname),
       concat_ws(' ', pg_get_indexdef(i.indexrelid), CASE WHEN NOT i.indisvalid THEN 'INVALID' END)
FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid JOIN pg_class x ON x.oid = i.indexrelid
WHERE c.relnamespace = current_schema()::regnamespace
UNION ALL
SELECT concat('trigger ', c.relname, '.', t.tgname), concat_ws(' ', t.tgenabled, pg_get_triggerdef(t.oid))
FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
WHERE c.relnamespace = current_schema()::regnamespace AND NOT t.tgisinternal
UNION ALL
SELECT concat('function ', p.oid::regprocedure), pg_get_functiondef(p.oid)
FROM pg_proc p WHERE p.pronamespace = current_schema()::regnamespace AND p.prokind IN ('f', 'p')
UNION ALL
SELECT 'type ' || t.typname,
       concat_ws(' ', t.typtype, (SELECT string_agg(quote_literal(e.enumlabel), ', ' ORDER BY e.enumsortorder)
                                  FROM pg_enum e WHERE e.enumtypid = t.oid))
FROM pg_type t WHERE t.typnamespace = current_schema()::regnamespace AND t.typtype IN ('d', 'e', 'r')
UNION ALL
SELECT concat('comment ', d.objoid::regclass, '.', d.objsubid), d.description
FROM pg_description d JOIN pg_class c ON c.oid = d.objoid AND d.classoid = 'pg_class'::regclass
WHERE c.relnamespace = current_schema()::regnamespace
"""

_WORD = re.compile(r'["`\[](\w+)["`\]]')
_SPACE = re.compile(r"\s+")


def schema(connection: Connection) -> Schema:
    """Return what the database contains, without Alembic's own table."""
    found = _of_sqlite(connection) if connection.dialect.name == "sqlite" else _of_postgresql(connection)
    return {what: how for what, how in sorted(found.items()) if not re.search(rf"\b{VERSIONS}\b", what)}


def differences(one: Schema, other: Schema) -> list[str]:
    """Return the differences of two schemas: "what: how in one, how in the other"."""
    return [
        f"{what}: {one.get(what, 'absent')} | {other.get(what, 'absent')}"
        for what in sorted(one.keys() | other.keys())
        if one.get(what) != other.get(what)
    ]


def _of_postgresql(connection: Connection) -> Schema:
    return dict(connection.exec_driver_sql(_POSTGRESQL).tuples().all())


def _of_sqlite(connection: Connection) -> Schema:
    found: Schema = {}
    statement = "SELECT type, tbl_name, name, sql FROM sqlite_master WHERE sql IS NOT NULL"
    for kind, table, name, sql in connection.exec_driver_sql(statement):
        if kind == "table":
            body, _, rest = sql.partition("(")[2].rpartition(")")
            found[f"relation {table}"] = _plain(rest)
            for part in _parts(body):
                found |= _defined(table, _plain(part))
        else:
            found[f"{kind} {table}.{name}"] = _plain(sql)
    return found


def _defined(table: str, part: str) -> Schema:
    """Parse a line of a CREATE TABLE."""
    first, _, rest = part.partition(" ")
    if first == "CONSTRAINT":
        name, _, definition = rest.partition(" ")
        return {f"constraint {table}.{name}": definition}
    if first in ("PRIMARY", "UNIQUE", "UNIQUE(", "CHECK", "CHECK(", "FOREIGN"):
        return {f"constraint {table}: {part}": part}
    return {f"column {table}.{first}": rest}


def _parts(body: str) -> list[str]:
    """Split a CREATE TABLE at the commas outside parentheses and quotes."""
    parts, depth, quote = [""], 0, ""
    for character in body:
        if quote:
            quote = "" if character == quote else quote
        elif character in "'\"":
            quote = character
        elif character in "()":
            depth += 1 if character == "(" else -1
        if character == "," and not depth and not quote:
            parts.append("")
        else:
            parts[-1] += character
    return parts


def _plain(sql: str) -> str:
    """Normalize SQL: no line breaks, and no quotes around plain names."""
    return _SPACE.sub(" ", _WORD.sub(r"\1", sql)).strip()
