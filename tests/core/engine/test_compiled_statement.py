"""The texts of statements: a driver prepares each that it is given, and keeps what it has prepared."""

from __future__ import annotations

from uuid import uuid4

import pytest
from sqlalchemy import Dialect, bindparam, select

from diptych.core.catalogue.books.queries import IDENTIFIERS
from diptych.core.catalogue.tags.model import Tag
from diptych.core.db.postgresql_dialect import AsyncPostgresqlDialect, PostgresqlDialect
from diptych.core.db.sqlite_dialect import SqliteDialect
from diptych.core.engine.compiled_statement import SHORT, CompiledStatement
from diptych.core.engine.row_statements import VALUE, VALUES


def test_long_lists_of_any_length_have_few_texts_on_sqlite_and_the_same_values():
    statement = CompiledStatement(IDENTIFIERS, SqliteDialect())
    ids = [uuid4() for _ in range(1000)]

    texts = set()
    for length in range(SHORT + 1, len(ids) + 1):
        text, values = statement.bound({VALUES: ids[:length]})
        assert set(values) == {each.hex for each in ids[:length]}
        texts.add(text)

    assert len(texts) == 4


def test_short_lists_are_bound_as_they_are():
    statement = CompiledStatement(IDENTIFIERS, SqliteDialect())

    for length in range(SHORT + 1):
        assert len(statement.bound({VALUES: [uuid4() for _ in range(length)]})[1]) == length


@pytest.mark.parametrize("dialect", [PostgresqlDialect(), AsyncPostgresqlDialect()])
def test_a_raw_cursor_gets_the_placeholders_of_postgresql(dialect: Dialect):
    named = select(Tag.id).where(Tag.name == bindparam(VALUE), Tag.name != bindparam("other", "100%"))

    text, values = CompiledStatement(named, dialect, raw=True).bound({VALUE: "x"})

    assert text.endswith("tag.name = $1::VARCHAR AND tag.name != $2::VARCHAR")
    assert values == ["x", "100%"]
