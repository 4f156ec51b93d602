"""Dumps: tables row by row as they are, ids, times and derived columns included, for a database of either kind.

A dump is one JSON document, and every row of it is a line, so that it can be read as it was written, a few rows at a
time:

    {"format": "diptych-dump", "revision": "0003", "anonymous": "reader", "tables": {
    "author": [
    {"id":"0193...","name":"Homer",...},
    {"id":"0193...","name":"Virgil",...}
    ],
    "tag": [
    ]
    }}
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Annotated, Any, BinaryIO, Literal

import msgspec
from msgspec import Meta, structs
from sqlalchemy import Column, Connection, SmallInteger, String, Table, func, insert, select
from sqlalchemy.exc import StatementError

from diptych.core.access import policy
from diptych.core.access.events.log import note_security_event
from diptych.core.access.permissions import AnonymousRole
from diptych.core.catalogue.models import Base
from diptych.core.db.error_translation import one_line
from diptych.core.db.schema_diff import require_head
from diptych.core.engine.derived_values import Rules
from diptych.core.errors import ValidationFailed
from diptych.core.http.json import encode

BATCH = 1000

LINE = 16 * 1024 * 1024
"""Bytes of the longest line that is read."""

TABLES: dict[str, Table] = {
    table.name: table for table in Base.metadata.sorted_tables if table.info.get("dumped", True)
}
"""By name, each after those that it refers to: the tables of the catalogue, without accounts or idempotency keys.

Nor is the history among them: a load is recorded as what it is, the creation of rows in another database.
"""

_RULES: dict[str, Rules] = {
    mapper.class_.__tablename__: mapper.class_.rules
    for mapper in Base.registry.mappers
    if hasattr(mapper.class_, "rules")
}
"""The rules of each table that has some."""

Advanced = Callable[[int], object]


class DumpError(Exception):
    """A dump cannot be loaded; the text says why, with the line."""


class _Header(msgspec.Struct, forbid_unknown_fields=True):
    format: Literal["diptych-dump"]
    revision: str
    anonymous: AnonymousRole
    tables: dict[str, Any]


def count(connection: Connection, tables: Sequence[Table]) -> int:
    """Return the number of rows in these tables."""
    return sum(connection.execute(select(func.count()).select_from(table)).scalar_one() for table in tables)


def dump(connection: Connection, tables: Sequence[Table], advanced: Advanced) -> Iterator[bytes]:
    """Yield the document of these tables in pieces, rows in the order of their keys. advanced: called with row counts.

    The same rows give the same bytes on either database.
    Errors: CommandError where the database is not at the head; what SQLAlchemy raises.
    """
    anonymous = connection.execute(policy.READ).scalar_one_or_none() or "none"
    header = encode(require_head(connection)), encode(anonymous)
    yield b'{"format": "diptych-dump", "revision": %b, "anonymous": %b, "tables": {' % header
    for number, table in enumerate(tables):
        yield b'%b\n"%b": [' % (b"," if number else b"", table.name.encode())
        rows = connection.execute(
            select(table).order_by(*table.primary_key.columns), execution_options={"yield_per": BATCH}
        )
        between = b"\n"
        for batch in rows.mappings().partitions():
            for row in batch:
                yield between + encode(dict(row))
                between = b",\n"
            advanced(len(batch))
        yield b"\n]"
    yield b"\n}}\n"


def load(connection: Connection, documents: Sequence[BinaryIO], advanced: Advanced, *, checked: bool = True) -> int:
    """Load the rows of dumps into an empty database, and return how many. advanced: called with byte counts.

    checked: refuse values that the API would refuse, such as names with control characters.
    The connection's transaction is to be rolled back on any error.
    Errors: CommandError where the database is not at the head; DumpError; what SQLAlchemy raises.
    """
    revision = require_head(connection)
    if connection.dialect.name == "postgresql":
        # A row that the service creates meanwhile would be in no dump.
        connection.exec_driver_sql(f"LOCK TABLE {', '.join(TABLES)} IN EXCLUSIVE MODE")
    for table in TABLES.values():
        if connection.execute(select(1).select_from(table).limit(1)).first():
            raise DumpError(f"The database is not empty: {table.name} has rows.")
    loaded = 0
    for document in documents:
        reader = _Reader(document, revision, advanced, checked=checked)
        for batch in reader.batches():
            try:
                connection.execute(insert(batch.table), batch.rows)
            except StatementError as error:
                where = f"lines {batch.first} to {batch.last}, {batch.table.name}"
                raise DumpError(f"{where}: {one_line(error)}") from error
            loaded += len(batch.rows)
        if connection.execute(policy.setting(chosen=False), {"role": reader.anonymous}).first():
            note_security_event("policy_changed", None)
    return loaded


@dataclass(frozen=True, slots=True)
class _Batch:
    """Rows of one table, with their first and their last line."""

    table: Table
    rows: list[dict[str, Any]]
    first: int
    last: int


class _Reader:
    """Reads one document, line by line."""

    def __init__(self, stream: BinaryIO, revision: str, advanced: Advanced, *, checked: bool) -> None:
        self._stream = stream
        self._checked = checked
        self._revision = revision
        self._advanced = advanced
        self._number = 0
        self.anonymous: str = "none"
        """The role of anonymous clients, when the header has been read."""

    def batches(self) -> Iterator[_Batch]:
        """Yield the rows, table by table. Errors: DumpError."""
        self._header()
        seen: set[str] = set()
        more = True
        while more:
            name = self._line().removesuffix(b": [").decode("latin-1").strip('"')
            if name not in TABLES or name in seen:
                raise self._wrong("here a table of the catalogue should begin, one that was not there yet")
            seen.add(name)
            more = yield from self._rows(TABLES[name])
        if self._line() != b"}}" or self._stream.read(1):
            raise self._wrong("the document should end here")

    def _rows(self, table: Table) -> Generator[_Batch, None, bool]:
        """Yield the rows of one table; return whether another follows."""
        decoder = _decoder(table)
        rows: list[dict[str, Any]] = []
        comma = True
        while (line := self._line()) not in (b"]", b"],"):
            if not comma:
                raise self._wrong("there is no comma before it")
            comma = line.endswith(b",")
            row = self._row(decoder, line.removesuffix(b","))
            if self._checked:
                self._check(table, row)
            rows.append(row)
            if len(rows) == BATCH:
                yield _Batch(table, rows, self._number - len(rows) + 1, self._number)
                rows = []
        if rows:
            yield _Batch(table, rows, self._number - len(rows), self._number - 1)
        return line == b"],"

    def _row(self, decoder: msgspec.json.Decoder[Any], line: bytes) -> dict[str, Any]:
        try:
            row = structs.asdict(decoder.decode(line))
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise self._wrong(str(error)) from None
        # SQLite would accept it, and PostgreSQL would not.
        if any(isinstance(value, str) and "\0" in value for value in row.values()):
            raise self._wrong("text cannot have a NUL in it")
        return row

    def _check(self, table: Table, row: dict[str, Any]) -> None:
        """Check the values by the rules of the table's model. Errors: DumpError."""
        if rules := _RULES.get(table.name):
            try:
                rules.normalized({name: row[name] for name in rules.normalizers})
            except ValidationFailed as error:
                why = "; ".join(f"{'/'.join(map(str, each.path or ()))}: {each.detail}" for each in error.field_errors)
                raise self._wrong(f"{why} (--unchecked loads it as it is)") from None

    def _header(self) -> None:
        try:
            header = msgspec.json.decode(self._line() + b"}}", type=_Header)
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise self._wrong("this is no dump") from None
        if header.tables:
            raise self._wrong("this is no dump")
        if header.revision != self._revision:
            raise DumpError(f"The dump is of revision {header.revision}, the database is at {self._revision}.")
        self.anonymous = header.anonymous

    def _line(self) -> bytes:
        self._number += 1
        line = self._stream.readline(LINE)
        self._advanced(len(line))
        if not line.endswith(b"\n"):
            raise self._wrong("the dump ends in the middle" if len(line) < LINE else "the line is too long")
        return line.rstrip(b"\r\n")

    def _wrong(self, why: str) -> DumpError:
        return DumpError(f"line {self._number}: {why}")


@cache
def _decoder(table: Table) -> msgspec.json.Decoder[Any]:
    """Return a decoder of rows that PostgreSQL would accept: SQLite accepts any value in any column."""
    fields = [(column.name, _type(column)) for column in table.columns]
    return msgspec.json.Decoder(msgspec.defstruct(table.name, fields, forbid_unknown_fields=True))


def _type(column: Column[Any]) -> Any:
    found: Any = column.type.python_type
    if isinstance(column.type, String):
        found = Annotated[str, Meta(max_length=column.type.length)]
    elif isinstance(column.type, SmallInteger):
        found = Annotated[int, Meta(ge=-(2**15), le=2**15 - 1)]
    elif found is datetime:
        found = Annotated[datetime, Meta(tz=True)]
    return found | None if column.nullable else found
