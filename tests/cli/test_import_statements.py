"""An import's statements on SQLite, whose driver keeps 128 prepared ones: some have taken half a megabyte each."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from diptych.core.database import sync_config
from diptych.core.import_export.import_job import import_rows
from diptych.core.import_export.sources import Options, open_source
from diptych.core.settings import Settings
from diptych.core.sync.unit_of_work import Database
from tests.contract.making import new_isbn
from tests.support.databases import Databases


class _Cursor(sqlite3.Cursor):
    def execute(self, text: str, *values: Any) -> Any:
        self.connection.texts.add(text)  # type: ignore[attr-defined]
        return super().execute(text, *values)


class _Connection(sqlite3.Connection):
    """A connection that notes the texts of its statements."""

    texts: set[str] = set()  # noqa: RUF012 - of all connections of a test

    def cursor(self, *_: Any) -> Any:
        return super().cursor(_Cursor)

    def execute(self, *given: Any) -> Any:
        return self.cursor().execute(*given)


Import = Callable[[Path], set[str]]


@pytest.fixture
def texts_of(databases: Databases) -> Iterator[Import]:
    """Return a function that imports a file and returns the texts of the statements that it took."""
    config = sync_config(Settings(database_url=databases.migrated("sqlite")))
    event.listen(config.get_engine(), "do_connect", lambda _d, _r, _a, given: given.update(factory=_Connection))

    def run(path: Path) -> set[str]:
        _Connection.texts.clear()
        with open_source(path, Options()) as source:
            summary = import_rows(database, source.entries, file_format=source.file_format)
        assert not summary.rejected
        return set(_Connection.texts)

    with closing(Database(config)) as database:
        yield run


@cache
def isbn_of(_name: str) -> str:
    return new_isbn()


def table(path: Path, size: int, *, year: int) -> Path:
    """Write a file in which each book names authors, a publisher, a series and tags of its own, as of a year."""
    rows = ["title,authors,isbn,publisher,series,tags,year"]
    for number in range(size):
        name = f"{size}.{number}"
        isbn = isbn_of(name) if number % 2 else ""
        rows.append(
            f"Title {name},Author {name}; Other {name},{isbn},Publisher {year} {name},Series {name},"
            f"tag {year} {name}; other {name},{year}"
        )
    path.write_text("\n".join(rows), "utf-8")
    return path


@pytest.mark.parametrize("years", [(1901,), (1901, 1901), (1901, 1902)], ids=["new", "unchanged", "changed"])
def test_batches_of_all_sizes_take_the_same_statements(years: tuple[int, ...], texts_of: Import, tmp_path: Path):
    found = {}
    for year in years:
        for size in (5, 6, 8):
            found[size] = texts_of(table(tmp_path / "books.csv", size, year=year))

    assert sorted((found[6] | found[8]) - found[5]) == []
