"""The index of words that `q` searches: made by the database of search_text, whoever writes that, and however.

PostgreSQL has a function that makes a tsvector of a text by diptych.core.engine.search_tokens, and a GIN index of what
it makes. A word that is the main part of the text is in it a second time, after a "#": so PostgreSQL knows how many
rows have it so.
SQLite has a table of FTS5 for each table, kept by triggers; that is found by the row's id, which is in it as a word,
because SQLite's own numbers of rows do not last.

Revisions make what is said here: it stays as it is. Other rules come under other names, in a revision of their own.
"""

# ruff: noqa: S608 - nobody else writes these statements

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

# What is written comes into a list first, which every search reads: 256 kB of it take 0.2 ms.
_OPTIONS: dict[str, Any] = {"postgresql_using": "gin", "postgresql_with": {"gin_pending_list_limit": "256"}}


def of_postgresql() -> str:
    """What makes the function. It is not run by parallel workers: for a page of twenty they look at too many rows."""
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
    """What makes the index of a table, and keeps it. FTS5's tokenizer "ascii" leaves all letters beyond ASCII alone."""
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
    """What takes the index of a table away again."""
    return [
        *(f"DROP TRIGGER IF EXISTS {trigger}" for trigger in triggers_of(table)),
        f"DROP TABLE IF EXISTS {words_of(table)}",
    ]


def create(op: Operations, table: str) -> None:
    """Create the index of a table's words, in a migration that has created the table."""
    if op.get_context().dialect.name == "sqlite":
        for statement in of_sqlite(table):
            op.execute(statement)
    else:
        op.create_index(f"ix_{table}_words", table, [text(f"{FUNCTION}(search_text)")], **_OPTIONS)


def drop(op: Operations, table: str) -> None:
    """Drop the index of a table's words, in a migration."""
    if op.get_context().dialect.name == "sqlite":
        for statement in gone_from_sqlite(table):
            op.execute(statement)
    else:
        op.drop_index(f"ix_{table}_words", table)


def words_of(table: str) -> str:
    """The name of SQLite's table of words."""
    return f"{table}_words"


def triggers_of(table: str) -> list[str]:
    """The names of SQLite's triggers."""
    return [f"{words_of(table)}_{occasion}" for occasion in ("insert", "update", "delete")]


def missing(connection: Connection, tables: Iterable[str]) -> list[str]:
    """What of all this a database has not, or has otherwise, as far as comparing tables and indexes does not tell."""
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
    """Give a table that has a search_text the index of its words."""
    words = getattr(func, FUNCTION)(table.c.search_text)
    Index(f"ix_{table.name}_words", words, **_OPTIONS).ddl_if(dialect="postgresql")
    for statement in of_sqlite(table.name):
        event.listen(table, "after_create", _ddl(statement, "sqlite"))
    for statement in gone_from_sqlite(table.name):
        event.listen(table, "before_drop", _ddl(statement, "sqlite"))


def watch(metadata: MetaData) -> None:
    """Have PostgreSQL's function made before the tables, and dropped after them."""
    event.listen(metadata, "before_create", _ddl(of_postgresql(), "postgresql"))
    event.listen(metadata, "after_drop", _ddl(f"DROP FUNCTION IF EXISTS {FUNCTION}(text)", "postgresql"))


def _ddl(statement: str, dialect: str) -> Any:
    return DDL(statement).execute_if(dialect=dialect)  # type: ignore[no-untyped-call]


def _escaped(characters: str) -> str:
    """A class of characters as PostgreSQL's regular expressions have it, in ASCII."""
    return "".join(
        each if each.isascii() else f"\\u{ord(each):04x}" if ord(each) < 0x10000 else f"\\U{ord(each):08x}"
        for each in characters
    )


def _spaced(text: str) -> str:
    """SQL for a text with spaces between its words. What is ASCII, FTS5 takes apart by itself."""
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
