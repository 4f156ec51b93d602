"""Databases at another revision than this release needs."""

from __future__ import annotations

from sqlalchemy import create_engine

from diptych.core.db.config import connection_string
from diptych.core.settings import Settings


def put_at(url: str, revision: str | None) -> str:
    """Set a migrated database to another revision, or to none, and return its URL."""
    engine = create_engine(connection_string(Settings(database_url=url)))
    with engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM alembic_versions")
        if revision is not None:
            connection.exec_driver_sql(f"INSERT INTO alembic_versions VALUES ('{revision}')")  # noqa: S608 - a test's own
    engine.dispose()
    return url
