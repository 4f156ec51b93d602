"""The table `adopted_id`: which row of an earlier database became which row here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Connection, Integer, MetaData, String, Table, Text, Uuid, func, inspect, select

NAME = "adopted_id"

_TABLE = Table(
    NAME,
    MetaData(),
    Column("kind", String(20), primary_key=True),
    Column("old_id", Text, primary_key=True),
    Column("new_id", Uuid, nullable=False),
    # Of the old row as it was read; NULL where it was adopted in place.
    Column("digest", String(32)),
    # Which copy brought it: 1 for the first.
    Column("run", Integer, nullable=False),
)

BATCH = 1000


def create(connection: Connection) -> None:
    """Create the table."""
    _TABLE.create(connection)


def add(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Add rows with every column."""
    if rows:
        connection.execute(_TABLE.insert(), rows)


def find(connection: Connection, kind: str, keys: Iterable[str]) -> dict[str, UUID]:
    """Return the new ids of those keys that have been adopted."""
    statement = select(_TABLE.c.old_id, _TABLE.c.new_id).where(_TABLE.c.kind == kind, _TABLE.c.old_id.in_(list(keys)))
    return dict(connection.execute(statement).tuples().all())


def digests(connection: Connection, kind: str, keys: Iterable[str]) -> dict[str, str]:
    """Return the digests of those keys that have been adopted."""
    statement = select(_TABLE.c.old_id, _TABLE.c.digest).where(_TABLE.c.kind == kind, _TABLE.c.old_id.in_(list(keys)))
    return dict(connection.execute(statement).tuples().all())


def each_key(connection: Connection, kind: str) -> Iterator[str]:
    """Yield every key of a kind, in batches of the database's."""
    statement = select(_TABLE.c.old_id).where(_TABLE.c.kind == kind).order_by(_TABLE.c.old_id).limit(BATCH)
    last: str | None = None
    while True:
        keys = (
            connection.execute(statement if last is None else statement.where(_TABLE.c.old_id > last)).scalars().all()
        )
        yield from keys
        if len(keys) < BATCH:
            return
        last = keys[-1]


def last_run(connection: Connection) -> int | None:
    """Return the number of the last copy; None where rows were adopted in place, or the table is an older one's."""
    if "digest" not in {column["name"] for column in inspect(connection).get_columns(NAME)}:
        return None
    in_place = select(func.count()).select_from(_TABLE).where(_TABLE.c.digest.is_(None), _TABLE.c.kind == "book")
    if connection.execute(in_place).scalar_one():
        return None
    return int(connection.execute(select(func.coalesce(func.max(_TABLE.c.run), 0))).scalar_one())
