"""The full-text index that `q` searches. The database maintains it from search_text on every write.

PostgreSQL has a function that makes a tsvector of a text by the rules of diptych.core.engine.search_tokens, and a GIN
index of its result. A word that is the main part of the text is in it a second time, after a "#", so that PostgreSQL
can estimate how many rows it is the main part of.
SQLite has an FTS5 table for each table, which triggers maintain. Its rows are found by the id of the row, which they
contain as a word, because SQLite's rowids are not permanent.

Migrations import this file: never edit it, add a new version instead.
"""

# ruff: noqa: S608 - no text from outside is in these statements

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from sqlalchemy import DDL, Connection, Index, MetaData, Table, event, func, text

if TYPE_CHECKING:
    from alembic.operations import Operations

from diptych.core.engine.search_tokens import ALONE, IGNORED, LENGTH, SEPARATING, SHARE

FUNCTION = "catalogue_words"
"""PostgreSQL's function from a text to its words."""

# New entries go into a pending list first, which every search scans: 256 kB take 0.2 ms.
_OPTIONS: dict[str, Any] = {"postgresql_using": "gin", "postgresql_with": {"gin_pending_list_limit": "256"}}


def of_postgresql() -> str:
    """Return the statement that creates the function.

    No parallel workers run it: for a page of twenty rows they would read too many.
    """
    ignored, alone, separating = map(_escaped, (IGNORED, ALONE, SEPARATING))
    return f"""\
CREATE OR REPLACE FUNCTION {FUNCTION}(text) RETURNS tsvector
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL RESTRICTED AS $$
DECLARE
    words text COLLATE "C" := $1;
BEGIN
    IF octet_length(words) = length(words) THEN
        words := regexp_replace(words, '[^0-9A-Za-z]+', ' ', 'g');
    ELSE
        words := regexp_replace(words, '[{ignored}]+', '', 'g');
        words := regexp_replace(words, '([{alone}])', ' \\1 ', 'g');
        words := regexp_replace(words, '[\\u0001-/:-@\\[-`{{-\\u007f{separating}]+', ' ', 'g');
    END IF;
    IF length(words) > {LENGTH} THEN
        words := regexp_replace(words, '([^ ]{{{LENGTH}}})[^ ]+', '\\1', 'g');
    END IF;
    IF length($1) <= {SHARE * LENGTH} THEN
        words := regexp_replace(words, '([^ ]{{' || (length($1) + {SHARE - 1}) / {SHARE} || ',}})', '\\1 #\\1', 'g');
    END IF;
    RETURN words::tsvector;
END
$$"""


def of_sqlite(table: str) -> list[str]:
    """Return the statements that create the index of a table and the triggers that maintain it.

    FTS5's tokenizer "ascii" does not change letters beyond ASCII.
    """
    name = words_of(table)
    add = f"INSERT INTO {name} (id, words) VALUES (new.id, {_spaced('new.search_text')})"
    remove = f"DELETE FROM {name} WHERE rowid IN (SELECT rowid FROM {name} WHERE {name} MATCH 'id:' || old.id)"
    insert, update, delete = triggers_of(table)
    return [
        f"CREATE VIRTUAL TABLE {name} USING fts5(id, words, tokenize='ascii', detail=column, columnsize=0)",
        f"INSERT INTO {name} (id, words) SELECT id, {_spaced('search_text')} FROM {table}",
        f"CREATE TRIGGER {insert} AFTER INSERT ON {table} BEGIN {add}; END",
        f"CREATE TRIGGER {update} AFTER UPDATE OF id, search_text ON {table} BEGIN {remove}; {add}; END",
        f"CREATE TRIGGER {delete} AFTER DELETE ON {table} BEGIN {remove}; END",
    ]


def gone_from_sqlite(table: str) -> list[str]:
    """Return the statements that drop the index of a table."""
    return [
        *(f"DROP TRIGGER IF EXISTS {trigger}" for trigger in triggers_of(table)),
        f"DROP TABLE IF EXISTS {words_of(table)}",
    ]


def create(op: Operations, table: str) -> None:
    """Create the full-text index of a table, in a migration that has created the table."""
    if op.get_context().dialect.name == "sqlite":
        for statement in of_sqlite(table):
            op.execute(statement)
    else:
        op.create_index(f"ix_{table}_words", table, [text(f"{FUNCTION}(search_text)")], **_OPTIONS)


def drop(op: Operations, table: str) -> None:
    """Drop the full-text index of a table, in a migration."""
    if op.get_context().dialect.name == "sqlite":
        for statement in gone_from_sqlite(table):
            op.execute(statement)
    else:
        op.drop_index(f"ix_{table}_words", table)


def words_of(table: str) -> str:
    """Return the name of the FTS5 table of a table."""
    return f"{table}_words"


def triggers_of(table: str) -> list[str]:
    """Return the names of a table's triggers on SQLite."""
    return [f"{words_of(table)}_{occasion}" for occasion in ("insert", "update", "delete")]


def missing(connection: Connection, tables: Iterable[str]) -> list[str]:
    """Return what a database lacks or has in another form, besides what a comparison of tables and indexes finds."""
    if connection.dialect.name == "postgresql":
        body = connection.execute(text("SELECT prosrc FROM pg_proc WHERE oid = to_regproc(:name)"), {"name": FUNCTION})
        return [] if body.scalar() == of_postgresql().split("$$")[1] else [f"function {FUNCTION}"]
    found = set(connection.exec_driver_sql("SELECT sql FROM sqlite_master").scalars())
    made = [statement for table in tables for statement in of_sqlite(table) if statement.startswith("CREATE ")]
    return [
        re.split(" (?:AFTER|USING) ", statement, maxsplit=1)[0].removeprefix("CREATE ").lower()
        for statement in made
        if statement not in found
    ]


def index(table: Table) -> None:
    """Add the full-text index to a table that has a search_text."""
    words = getattr(func, FUNCTION)(table.c.search_text)
    Index(f"ix_{table.name}_words", words, **_OPTIONS).ddl_if(dialect="postgresql")
    for statement in of_sqlite(table.name):
        event.listen(table, "after_create", _ddl(statement, "sqlite"))
    for statement in gone_from_sqlite(table.name):
        event.listen(table, "before_drop", _ddl(statement, "sqlite"))


def watch(metadata: MetaData) -> None:
    """Create PostgreSQL's function before the tables, and drop it after them."""
    event.listen(metadata, "before_create", _ddl(of_postgresql(), "postgresql"))
    event.listen(metadata, "after_drop", _ddl(f"DROP FUNCTION IF EXISTS {FUNCTION}(text)", "postgresql"))


def _ddl(statement: str, dialect: str) -> Any:
    return DDL(statement).execute_if(dialect=dialect)  # type: ignore[no-untyped-call]


def _escaped(characters: str) -> str:
    """Return a class of characters for PostgreSQL's regular expressions, in ASCII."""
    return "".join(
        each if each.isascii() else f"\\u{ord(each):04x}" if ord(each) < 0x10000 else f"\\U{ord(each):08x}"
        for each in characters
    )


def _spaced(text: str) -> str:
    """Return SQL that puts spaces between the words of a text. ASCII text is left to FTS5's tokenizer."""
    return f"""\
CASE WHEN {text} NOT GLOB '*[^ -~]*' THEN {text} ELSE (
    WITH RECURSIVE letter(n, at, words) AS (
        SELECT 1, substr({text}, 1, 1), ''
        UNION ALL
        SELECT n + 1, substr({text}, n + 1, 1), words || CASE
            WHEN at < char(128) THEN at
            WHEN at GLOB '[{IGNORED}]' THEN ''
            WHEN at GLOB '[{ALONE}]' THEN ' ' || at || ' '
            WHEN at GLOB '[{SEPARATING}]' THEN ' '
            ELSE at END
        FROM letter WHERE at <> ''
    )
    SELECT words FROM letter WHERE at = ''
) END"""
