"""Detect whose schema a database has: ours at some revision, an earlier application's, or none."""

from __future__ import annotations

from dataclasses import dataclass

from alembic.script import ScriptDirectory
from sqlalchemy import Connection, column, inspect, select, table

from diptych.core.db.schema_version import VERSION_TABLE
from diptych.core.legacy_import import schema_history
from diptych.core.legacy_import.inspection import Estate, inspect_estate

VERSION_TABLES = ("alembic_version", VERSION_TABLE)
"""The version tables of Flask-Migrate and Alembic, and of advanced-alchemy."""


PLURAL = frozenset({"authors", "books"})
"""Usual names of an earlier application's tables that are not the catalogue's own."""


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
    """The tables of an earlier application. versions: its version tables, with their revisions."""

    estate: Estate
    versions: dict[str, list[str]]


DetectedSchema = NothingToAdopt | UnknownSchema | OwnSchema | LegacySchema


def detect_schema(connection: Connection, script: ScriptDirectory, *, planned: bool) -> DetectedSchema:
    """Detect the schema of a database without changing it.

    planned: whether a plan says what its tables are, so that tables which only have our names are not compared.
    """
    tables = frozenset(inspect(connection).get_table_names())
    versions = {name: schema_history.stamped(connection, name) for name in VERSION_TABLES if name in tables}
    ours = versions.pop(VERSION_TABLE, [])
    if ours and tables >= schema_history.FIRST:
        return _versioned(connection, script, ours, tables)
    foreign = {**versions, **({VERSION_TABLE: ours} if ours else {})}
    if tables >= schema_history.FIRST and not planned:
        revision, lines = schema_history.nearest(connection, script, tables)
        if lines:
            head = f"This looks like the catalogue at revision {revision}, but"
            return UnknownSchema(tuple(f"{head} {item}." for item in lines))
        return OwnSchema(revision, foreign)
    others = tables - {*versions, VERSION_TABLE}
    if not others:
        return NothingToAdopt(
            "There is nothing to adopt: the database has no tables. `diptych database upgrade` makes them."
        )
    return LegacySchema(inspect_estate(connection, others), foreign)


def _versioned(
    connection: Connection, script: ScriptDirectory, revisions: list[str], tables: frozenset[str]
) -> NothingToAdopt | UnknownSchema:
    """Say why a catalogue with a version table is not adopted."""
    known = set(schema_history.revisions(script))
    if strange := ", ".join(each for each in revisions if each not in known):
        return UnknownSchema(
            (f"This looks like the catalogue at revision {strange}, which is not one of this release's.",)
        )
    old = " and ".join(sorted(tables & PLURAL))
    if old and not has_rows(connection):
        mend = 'run "diptych database drop-all", then adopt'
        return UnknownSchema((f"The catalogue is empty, and {old} beside it are not adopted: {mend}.",))
    return NothingToAdopt(_at(revisions, script))


def has_rows(connection: Connection) -> bool:
    """Return whether a catalogue has any row."""
    names = ("author", "tag", "book")
    return any(connection.execute(select(table(name, column("id")).c.id).limit(1)).first() for name in names)


def read_estate(connection: Connection) -> LegacySchema:
    """Return the tables of a database that is only read, whatever they are."""
    tables = frozenset(inspect(connection).get_table_names())
    versions = {name: schema_history.stamped(connection, name) for name in VERSION_TABLES if name in tables}
    return LegacySchema(inspect_estate(connection, tables - versions.keys()), versions)


def _at(ours: list[str], script: ScriptDirectory) -> str:
    at = ", ".join(ours)
    if ours == script.get_heads():
        return f"There is nothing to adopt: this is the catalogue, at the newest revision, {at}."
    return f"There is nothing to adopt: this is the catalogue, at revision {at}. `diptych database upgrade` goes on."
