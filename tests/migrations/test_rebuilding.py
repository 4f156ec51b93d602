"""SQLite migrations rebuild tables, and rows that refer to them stay."""

from __future__ import annotations

from pathlib import Path

import pytest
from advanced_alchemy.alembic.commands import AlembicCommands
from alembic.util import CommandError
from sqlalchemy import inspect

from diptych.core.database import sync_config
from diptych.core.settings import Settings
from tests.support.catalogue import Schema, schema
from tests.support.databases import BACKENDS, Databases
from tests.support.history import PLANTED, History, plant, transaction
from tests.support.rows import FILLED_BY_TRIGGERS, ROWS, changed, fill, rows

both = pytest.mark.parametrize("backend", BACKENDS)

REBUILT = "with op.batch_alter_table('{table}') as batch:\n    batch.alter_column('search_text', nullable=True)"


def triggered(found: Schema) -> Schema:
    """Return the triggers of a schema, which on SQLite update the full-text index."""
    return {what: how for what, how in found.items() if what.startswith("trigger ")}


@both
@pytest.mark.parametrize("table", ["author", "book", "tag"])
def test_a_table_that_is_made_anew_keeps_what_refers_to_it(
    databases: Databases, backend: str, tmp_path: Path, table: str
):
    history = plant(tmp_path / "migrations", REBUILT.format(table=table))
    url = databases.migrated(backend)
    with transaction(url) as connection:
        fill(connection)
        before = rows(connection)
        triggers = triggered(schema(connection))

    history.upgrade(url, PLANTED)

    with transaction(url) as connection:
        after = rows(connection)
        assert triggered(schema(connection)) == triggers
        nullable = {each["name"]: each["nullable"] for each in inspect(connection).get_columns(table)}
    assert nullable["search_text"]
    by_others = {"access_policy", *FILLED_BY_TRIGGERS}
    assert {len(found) for name, (_, found) in after.items() if name not in by_others} == {ROWS}
    assert changed(before, after, rewritten=set()) == []


@both
def test_a_revision_that_leaves_a_row_without_what_it_refers_to_is_rolled_back(
    databases: Databases, backend: str, tmp_path: Path
):
    history = plant(tmp_path / "migrations", "op.execute('DELETE FROM author')")
    url = databases.migrated(backend)
    with transaction(url) as connection:
        fill(connection)
        before = rows(connection)

    with pytest.raises(Exception, match=r"refer to rows that are not there|violates RESTRICT") as raised:
        history.upgrade(url, PLANTED)

    assert isinstance(raised.value, CommandError) == (backend == "sqlite")
    with transaction(url) as connection:
        assert rows(connection) == before
        assert connection.exec_driver_sql("SELECT version_num FROM alembic_versions").scalar() == History().head


def test_references_are_enforced_again_after_a_migration(databases: Databases):
    config = sync_config(Settings(database_url=databases.empty("sqlite")))

    AlembicCommands(config).upgrade()

    with config.get_engine().connect() as connection:
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
    config.get_engine().dispose()
