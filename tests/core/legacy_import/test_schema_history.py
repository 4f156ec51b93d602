"""Find the revision that a database's schema corresponds to."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import inspect

from diptych.core.db import schema_version
from diptych.core.db.schema_version import MIGRATIONS, head
from diptych.core.legacy_import import schema_history
from tests.support import before
from tests.support.databases import BACKENDS, Databases

CONCURRENT = f"""
from alembic import op

revision = "later"
down_revision = "{head()}"
branch_labels = None
depends_on = None


def upgrade():
    with op.get_context().autocommit_block():
        op.create_index("ix_book_title", "book", ["title"], postgresql_concurrently=True)
    op.drop_index("ix_book_author_id", table_name="book")
"""


@pytest.fixture
def later(tmp_path: Path) -> ScriptDirectory:
    """Return our history with one more revision, which creates an index concurrently."""
    (tmp_path / "later.py").write_text(CONCURRENT, encoding="utf-8")
    return ScriptDirectory(str(MIGRATIONS), version_locations=[str(MIGRATIONS / "versions"), str(tmp_path)])


@pytest.mark.long
@pytest.mark.parametrize("backend", BACKENDS)
def test_revisions_that_want_no_transaction_are_compared_with_too(
    databases: Databases, later: ScriptDirectory, backend: str
):
    assert schema_history.revisions(later) == ["later", *sorted(schema_version.history(), reverse=True)]
    url = databases.migrated(backend)
    was = before.dump(url)
    engine = before.engine(url)
    with engine.begin() as connection:
        tables = frozenset(inspect(connection).get_table_names())
        assert schema_history.nearest(connection, later, tables) == (head(), [])
        # Nothing remains of the comparison, and the connection's search path is unchanged.
        assert connection.exec_driver_sql("SELECT count(*) FROM author").scalar_one() == 0
    assert before.dump(url) == was
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE INDEX theirs ON book (title)")
        assert schema_history.nearest(connection, later, tables) == (head(), ["book has an index theirs too many"])
        connection.exec_driver_sql("DROP INDEX theirs")
        connection.exec_driver_sql("CREATE INDEX ix_book_title ON book (title)")
        connection.exec_driver_sql("DROP INDEX ix_book_author_id")
        assert schema_history.nearest(connection, later, tables) == ("later", [])
    engine.dispose()
