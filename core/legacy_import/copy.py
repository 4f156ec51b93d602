"""Perform the adoption: rename the old tables, create ours, and copy every author and book."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from advanced_alchemy.types import DateTimeUTC
from alembic.script import ScriptDirectory
from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Date,
    MetaData,
    String,
    Table,
    TableClause,
    Uuid,
    column,
    select,
    table,
)
from uuid_utils.compat import uuid7

from diptych.core.engine import slugs
from diptych.core.engine.text_normalization import fold, sort_key
from diptych.core.legacy_import import schema_history
from diptych.core.legacy_import.row_validation import Advanced, Values, batches, count, values
from diptych.core.legacy_import.schema_detection import (
    MAP,
    LegacySchema,
    OldTable,
    OwnSchema,
    relations,
    renamed,
    renames,
)

REVISION = "0002"
"""The revision that rows are copied into.

As in a migration, the tables below are frozen at that revision, and later revisions change the adopted rows as they
change any others.
"""

_TABLES = {
    noun: table(
        noun,
        *own,
        column("id", Uuid),
        column("slug"),
        column("search_text"),
        column("sort_key"),
        column("created_at", DateTimeUTC(timezone=True)),
        column("updated_at", DateTimeUTC(timezone=True)),
    )
    for noun, own in {
        "author": (column("name"), column("dob", Date)),
        "book": (
            column("title"),
            column("author_id", Uuid),
            column("isbn"),
            column("year"),
            column("language"),
            column("description"),
        ),
    }.items()
}
_NAMED_BY = {"author": "name", "book": "title"}

_MAP = Table(
    MAP,
    MetaData(),
    Column("kind", String(10), primary_key=True),
    Column("old_id", BigInteger, primary_key=True, autoincrement=False),
    Column("new_id", Uuid, nullable=False, unique=True),
)

_INDEX = re.compile(r"(CREATE (?:UNIQUE )?INDEX )(\"(?:[^\"]|\"\")*\"|\[[^\]]*\]|`[^`]*`|\S+)", re.IGNORECASE)


class MiscountedError(Exception):
    """The number of copied rows is wrong: a bug; the transaction is rolled back."""


def copy_rows(
    connection: Connection,
    script: ScriptDirectory,
    shape: OwnSchema | LegacySchema,
    moment: datetime,
    advanced: Advanced,
) -> None:
    """Copy everything within the connection's transaction. moment: the time for rows without one.

    Errors: MiscountedError, SQLAlchemyError.
    """
    for name in renames(shape):
        _make_room(connection, name)
    if isinstance(shape, OwnSchema):
        schema_history.stamp(connection, script, shape.revision)
        return
    schema_history.build(connection, script, REVISION)
    if shape.authors.numbered or shape.books.numbered:
        _MAP.create(connection)
    for old in (shape.authors, shape.books):
        for batch in batches(connection, _moved(old)):
            _copy(connection, shape, old, batch, moment)
            advanced(len(batch))
        if count(connection, old.noun) != count(connection, renamed(old.name)):
            raise MiscountedError(f"{old.name}: not every row has arrived")
    schema_history.stamp(connection, script, REVISION)


def _moved(old: OldTable) -> OldTable:
    return OldTable(old.noun, renamed(old.name), old.fields, old.columns, old.left)


def _make_room(connection: Connection, name: str) -> None:
    """Rename a table and its indexes, whose names are unique across all tables in PostgreSQL and SQLite."""
    quote = connection.dialect.identifier_preparer.quote_identifier
    indexes = [index for index, owner in relations(connection).items() if owner == name != index]
    connection.exec_driver_sql(f"ALTER TABLE {quote(name)} RENAME TO {quote(renamed(name))}")
    if connection.dialect.name == "postgresql":
        for index in indexes:
            connection.exec_driver_sql(f"ALTER INDEX {quote(index)} RENAME TO {quote(renamed(index))}")
        return
    # SQLite cannot rename an index: drop and recreate it. Indexes of constraints have no SQL and follow their table.
    made = connection.exec_driver_sql(
        "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = ? AND sql IS NOT NULL",
        (renamed(name),),
    )
    for index, sql in made.all():
        connection.exec_driver_sql(f"DROP INDEX {quote(index)}")
        connection.exec_driver_sql(_named(sql, quote(renamed(index))))


def _named(sql: str, name: str) -> str:
    """Return a CREATE INDEX statement with another name."""
    return _INDEX.sub(lambda found: found[1] + name, sql, count=1)


def _copy(connection: Connection, shape: LegacySchema, old: OldTable, batch: list[Values], moment: datetime) -> None:
    """Copy one batch of rows."""
    rows = [values(old, row)[0] for row in batch]
    if old.noun == "book" and shape.authors.numbered:
        ids = _new_ids(connection, {row["author_id"] for row in rows})
        for row in rows:
            row["author_id"] = ids[row["author_id"]]
    if old.numbered:
        for row in rows:
            row["old_id"], row["id"] = row["id"], uuid7()
        pairs = [{"kind": old.noun, "old_id": row.pop("old_id"), "new_id": row["id"]} for row in rows]
        connection.execute(_MAP.insert(), pairs)
    ours = _TABLES[old.noun]
    for row in rows:
        name = row[_NAMED_BY[old.noun]]
        row["slug"] = slugs.slug(name, fallback=old.noun)
        row["search_text"], row["sort_key"] = fold(name), sort_key(name)
        # If only one of the two times exists, it serves for both.
        created, updated = row.get("created_at"), row.get("updated_at")
        row["created_at"], row["updated_at"] = created or updated or moment, updated or created or moment
    _make_slugs_unique(connection, ours, rows)
    connection.execute(ours.insert(), rows)


def _new_ids(connection: Connection, numbers: Iterable[int]) -> dict[int, UUID]:
    statement = select(_MAP.c.old_id, _MAP.c.new_id).where(_MAP.c.kind == "author", _MAP.c.old_id.in_(numbers))
    return dict(connection.execute(statement).tuples().all())


def _make_slugs_unique(connection: Connection, ours: TableClause, rows: list[Values]) -> None:
    """Add a suffix to slugs that are taken, as the services do."""
    statement = select(ours.c.slug).where(ours.c.slug.in_({row["slug"] for row in rows}))
    used = set(connection.execute(statement).scalars())
    for row in rows:
        if row["slug"] in used:
            row["slug"] = slugs.with_suffix(row["slug"], slugs.token(uuid7()))
        used.add(row["slug"])
