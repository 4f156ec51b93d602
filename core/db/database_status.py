"""The status of a database: reachable or not, its revision, and its drift from the models."""

from __future__ import annotations

from dataclasses import dataclass, replace
from time import perf_counter

from sqlalchemy import Connection, MetaData, text
from sqlalchemy.exc import DBAPIError

from diptych.core.db.config import inspecting
from diptych.core.db.error_translation import one_line, translate_errors
from diptych.core.db.schema_diff import differences, lag
from diptych.core.db.schema_version import current, heads
from diptych.core.errors import CatalogueError
from diptych.core.settings import Settings

PATIENCE = "10s"
"""statement_timeout of these queries on PostgreSQL."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """The result. drift: a line for each difference from the models; None where nothing could be compared.

    head, revision: of this release and of the database; several, joined by " and ", while branches are not merged.
    """

    healthy: bool
    reachable: bool
    head: str
    revision: str | None = None
    drift: list[str] | None = None
    latency_ms: float | None = None
    problem: str | None = None


def status(settings: Settings, metadata: MetaData) -> Status:
    """Inspect a database without writing to it. Errors become part of the result.

    metadata: the models to compare with.
    """
    newest = " and ".join(heads())
    try:
        with translate_errors(), inspecting(settings) as connection:
            return _found(connection, newest, metadata)
    except (CatalogueError, DBAPIError) as error:
        return Status(healthy=False, reachable=False, head=newest, problem=one_line(error))


def _found(connection: Connection, newest: str, metadata: MetaData) -> Status:
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"SET LOCAL statement_timeout = '{PATIENCE}'"))
    begun = perf_counter()
    connection.execute(text("SELECT 1"))
    latency = round((perf_counter() - begun) * 1000, 1)
    revisions = current(connection)
    found = Status(
        healthy=False,
        reachable=True,
        head=newest,
        revision=" and ".join(revisions) or None,
        latency_ms=latency,
    )
    if behind := lag(revisions):
        return replace(found, problem=behind)
    drift = differences(connection, metadata)
    return replace(found, healthy=not drift, drift=drift)
