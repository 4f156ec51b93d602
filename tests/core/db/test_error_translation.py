"""The translation of real errors of real databases."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest
from advanced_alchemy.exceptions import NotFoundError, RepositoryError
from sqlalchemy import create_engine, delete, insert, select, text
from sqlalchemy.exc import DBAPIError, InvalidRequestError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

import diptych.core.aio.unit_of_work
import diptych.core.db.engine_events
import diptych.core.sync.unit_of_work
from diptych.core.catalogue.authors.model import Author
from diptych.core.catalogue.books.model import Book, BookContributor, BookTag
from diptych.core.catalogue.tags import queries as tags
from diptych.core.catalogue.tags.model import Tag
from diptych.core.catalogue.tags.schemas import TagList
from diptych.core.database import async_config, sync_config
from diptych.core.db.config import connection_string
from diptych.core.db.error_translation import meaning, not_unique, one_line, translate
from diptych.core.engine import pagination
from diptych.core.engine.search import match_words
from diptych.core.errors import (
    CatalogueError,
    Conflict,
    Disconnected,
    NotFound,
    RetryableConflict,
    SchemaOutdated,
    ServiceUnavailable,
    ValidationFailed,
)
from diptych.core.settings import Settings
from tests.support.databases import BACKENDS, Databases
from tests.support.history import History
from tests.support.opened import opened
from tests.support.waiting import PATIENCE

both = pytest.mark.parametrize("backend", BACKENDS)
TWINS = pytest.mark.parametrize("twin", ["aio", "sync"])

Work = Callable[[Session], Any]


def error_of(url: str, *statements: Any, twin: str = "sync", reading: bool = False, **settings: Any) -> CatalogueError:
    """Return the error that the twin raises for these statements."""

    def work(session: Any) -> None:
        for statement in statements:
            session.all(statement, {}) if reading else session.execute(statement)

    async def asynchronously() -> None:
        found = diptych.core.aio.unit_of_work.Database(async_config(Settings(database_url=url, **settings)))

        async def work(session: Any) -> None:
            for statement in statements:
                await (session.all(statement, {}) if reading else session.execute(statement))

        try:
            await (found.read if reading else found.run_in_transaction)(work)
        finally:
            in_use = found._engine.pool.checkedout()  # type: ignore[attr-defined]
            await found.close()
            assert in_use == 0

    with pytest.raises(CatalogueError) as caught:  # noqa: PT012
        if twin == "aio":
            asyncio.run(asynchronously())
        else:
            with opened(url, **settings) as found:
                (found.read if reading else found.run_in_transaction)(work)
    return caught.value


def tag(name: str) -> Any:
    return insert(Tag).values(name=name, search_text=name, sort_key=name)


def author(name: str, slug: str, **values: Any) -> Any:
    return insert(Author).values(name=name, slug=slug, search_text=name, sort_key=name, **values)


def book(title: str, slug: str, author_id: Any, **values: Any) -> Any:
    return insert(Book).values(title=title, slug=slug, search_text=title, sort_key=title, author_id=author_id, **values)


def author_called(name: str) -> Any:
    return select(Author.id).where(Author.name == name).scalar_subquery()


# --- what a client did ---


@both
@TWINS
def test_a_value_that_another_row_has_is_a_conflict_that_names_its_column(
    urls: dict[str, str], backend: str, twin: str
):
    error = error_of(urls[backend], tag("war"), tag("war"), twin=twin)
    assert type(error) is Conflict
    assert error.field_errors == (not_unique("name"),)


@both
def test_an_isbn_that_another_book_has_is_a_conflict_that_names_it(urls: dict[str, str], backend: str):
    statements = [author("A", "isbn-a"), book("X", "x", author_called("A"), isbn="1"), book("Y", "y", author_called("A"), isbn="1")]  # fmt: skip # noqa: E501
    error = error_of(urls[backend], *statements)
    assert type(error) is Conflict
    assert [field_error.path for field_error in error.field_errors] == [("isbn",)]


@both
def test_a_constraint_of_several_columns_names_them_all(urls: dict[str, str], backend: str):
    who, what = author_called("C"), select(Book.id).where(Book.slug == "several").scalar_subquery()
    row = {"book_id": what, "author_id": who, "role": "editor"}
    error = error_of(
        urls[backend],
        author("C", "several-c"),
        book("X", "several", who),
        insert(BookContributor).values(position=1, **row),
        insert(BookContributor).values(position=2, **row),
    )
    assert type(error) is Conflict
    assert [field_error.path for field_error in error.field_errors] == [("book_id",), ("author_id",), ("role",)]


@both
@TWINS
def test_a_reference_to_a_row_that_is_not_there_is_a_conflict(urls: dict[str, str], backend: str, twin: str):
    nobody = "01890f3e-8f6a-7cc0-9d5a-3b1f6d2c4e5f"
    statement = text("INSERT INTO book_tag (book_id, tag_id) VALUES (:nobody, :nobody)").bindparams(
        nobody=nobody.replace("-", "") if backend == "sqlite" else nobody
    )
    if backend == "postgresql":
        statement = text(f"INSERT INTO book_tag (book_id, tag_id) VALUES ('{nobody}', '{nobody}')")  # noqa: S608
    error = error_of(urls[backend], statement, twin=twin)
    assert type(error) is Conflict
    assert error.detail == "Another row depends on this, or a row it refers to is gone."


@both
@TWINS
def test_deleting_a_row_that_others_depend_on_is_a_conflict(urls: dict[str, str], backend: str, twin: str):
    statements = [author("B", "kept"), book("Z", "z", author_called("B")), delete(Author).where(Author.slug == "kept")]
    error = error_of(urls[backend], *statements, twin=twin)
    assert type(error) is Conflict
    assert error.field_errors == ()


@both
@TWINS
def test_a_value_that_a_check_refuses_is_invalid_and_names_its_column(urls: dict[str, str], backend: str, twin: str):
    who, what = author_called("D"), select(Book.id).where(Book.slug == "checked").scalar_subquery()
    statements = [
        author("D", "checked-d"),
        book("X", "checked", who),
        insert(BookContributor).values(book_id=what, author_id=who, position=1, role="cook"),
    ]
    error = error_of(urls[backend], *statements, twin=twin)
    assert type(error) is ValidationFailed
    assert [field_error.path for field_error in error.field_errors] == [("role",)]


@both
def test_a_check_constraint_of_another_table_refuses_without_naming_a_column(databases: Databases, backend: str):
    url = databases.migrated(backend)
    own = "CREATE TABLE own (year int, CONSTRAINT printed CHECK (year > 1454))"
    error = error_of(url, text(own), text("INSERT INTO own VALUES (1)"))
    assert type(error) is ValidationFailed
    assert error.field_errors == ()
    assert "printed" not in error.detail


# --- what the core chose ---


@both
@TWINS
def test_a_slug_that_is_always_taken_is_contention_and_in_the_end_an_outage(
    urls: dict[str, str], backend: str, twin: str
):
    error = error_of(urls[backend], author("A", "same"), author("B", "same"), twin=twin)
    assert type(error) is ServiceUnavailable
    assert type(error.__cause__) is RetryableConflict


@both
def test_an_id_that_is_always_taken_is_contention_too(urls: dict[str, str], backend: str):
    import uuid  # noqa: PLC0415

    same = uuid.uuid4()
    error = error_of(urls[backend], author("A", "id-1", id=same), author("B", "id-2", id=same))
    assert type(error.__cause__) is RetryableConflict


def test_a_deadlock_on_postgresql_is_run_again_and_both_writers_succeed(urls: dict[str, str]):
    url = urls["postgresql"]
    met = threading.Barrier(2, timeout=PATIENCE)
    runs: list[int] = []

    def writer(found: diptych.core.sync.unit_of_work.Database, first: str, second: str) -> None:
        tries = 0

        def work(session: Session) -> None:
            nonlocal tries
            tries += 1
            session.execute(text("UPDATE tag SET description = 'x' WHERE name = :name"), {"name": first})
            if tries == 1:
                met.wait()
            session.execute(text("UPDATE tag SET description = 'x' WHERE name = :name"), {"name": second})

        found.run_in_transaction(work)
        runs.append(tries)

    with opened(url) as found:
        found.run_in_transaction(lambda session: [session.execute(tag(name)) for name in ("left", "right")])
        threads = [
            threading.Thread(target=writer, args=(found, *names)) for names in (("left", "right"), ("right", "left"))
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(PATIENCE)
    assert min(runs) == 1
    assert max(runs) > 1


def test_a_serialization_failure_on_postgresql_is_contention(urls: dict[str, str]):
    url = urls["postgresql"]
    attempts = 0

    def work(session: Session) -> None:
        nonlocal attempts
        attempts += 1
        session.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
        session.execute(text("SELECT count(*) FROM tag"))
        if attempts == 1:
            with psycopg.connect(url) as other:
                other.execute("UPDATE tag SET description = 'other' WHERE name = 'serial'")
        session.execute(text("UPDATE tag SET description = 'mine' WHERE name = 'serial'"))

    with opened(url) as found:
        found.run_in_transaction(lambda session: session.execute(tag("serial")))
        found.run_in_transaction(work)
        assert found.read(lambda e: e.all(select(Tag.description).where(Tag.name == "serial"), {})) == [("mine",)]
    assert attempts == 2


# --- outages ---


@both
@TWINS
def test_a_pool_with_no_connection_left_is_an_outage(urls: dict[str, str], backend: str, twin: str):
    settings = Settings(database_url=urls[backend], pool_size=1, pool_overflow=0, pool_timeout=1)

    def synchronously() -> None:
        found = diptych.core.sync.unit_of_work.Database(sync_config(settings))
        try:
            found.read(lambda _: found.read(lambda _: None))
        finally:
            found.close()

    async def asynchronously() -> None:
        found = diptych.core.aio.unit_of_work.Database(async_config(settings))

        async def inner(_: AsyncConnection) -> None:
            """Do nothing: there is no connection."""

        async def work(_: AsyncConnection) -> None:
            await found.read(inner)

        try:
            await found.read(work)
        finally:
            await found.close()

    with pytest.raises(ServiceUnavailable, match=r"^Every database connection is in use\.$"):
        asyncio.run(asynchronously()) if twin == "aio" else synchronously()


@both
@TWINS
@pytest.mark.parametrize("reading", [True, False])
def test_a_database_without_tables_is_an_outage_that_says_so(
    databases: Databases,
    backend: str,
    twin: str,
    reading: bool,  # noqa: FBT001
):
    error = error_of(databases.empty(backend), select(Tag.id), twin=twin, reading=reading)
    assert type(error) is SchemaOutdated
    assert error.detail == 'The database has not been migrated: run "diptych database upgrade".'


@both
@TWINS
def test_a_database_that_is_behind_is_an_outage_where_something_is_missing(
    databases: Databases, backend: str, twin: str
):
    url = databases.empty(backend)
    History().upgrade(url, "0003")
    asked = pagination.bind_list_query(tags.spec, TagList(q="x"), {})
    search = select(Tag.id).where(*match_words(tags.spec, asked.shape)).params(asked.values)

    assert type(error_of(url, search, twin=twin)) is SchemaOutdated
    # A function that was never created is a bug of ours.
    with pytest.raises(DBAPIError, match="nobody"):
        error_of(url, text("SELECT nobody()"), twin=twin)


@TWINS
def test_a_statement_that_takes_too_long_on_postgresql_is_an_outage(urls: dict[str, str], twin: str):
    error = error_of(
        urls["postgresql"], text("SET LOCAL statement_timeout = 50"), text("SELECT pg_sleep(5)"), twin=twin
    )
    assert type(error) is ServiceUnavailable


@TWINS
def test_a_lock_that_cannot_be_had_on_postgresql_is_an_outage(urls: dict[str, str], twin: str):
    with psycopg.connect(urls["postgresql"]) as other:
        other.execute("LOCK TABLE tag IN ACCESS EXCLUSIVE MODE")
        error = error_of(urls["postgresql"], text("SET LOCAL lock_timeout = 50"), tag("locked"), twin=twin)
    assert type(error) is ServiceUnavailable


def test_a_row_that_is_not_waited_for_on_postgresql_is_an_outage(urls: dict[str, str]):
    with psycopg.connect(urls["postgresql"]) as other:
        other.execute("INSERT INTO tag SELECT gen_random_uuid(), 'nowait', NULL, 'x', 'x', now(), now()")
        other.commit()
        other.execute("SELECT * FROM tag WHERE name = 'nowait' FOR UPDATE")
        statement = select(Tag.id).where(Tag.name == "nowait").with_for_update(nowait=True)
        assert type(error_of(urls["postgresql"], statement)) is ServiceUnavailable


@TWINS
def test_a_connection_that_an_operator_ends_is_an_outage_and_the_next_one_works(urls: dict[str, str], twin: str):
    error = error_of(urls["postgresql"], text("SELECT pg_terminate_backend(pg_backend_pid())"), twin=twin)
    assert type(error) is Disconnected


def test_a_read_only_postgresql_is_an_outage(urls: dict[str, str]):
    assert type(error_of(urls["postgresql"], text("SET TRANSACTION READ ONLY"), tag("never"))) is ServiceUnavailable


@TWINS
@pytest.mark.parametrize("reading", [True, False])
def test_a_server_that_does_not_run_is_an_outage(twin: str, reading: bool):  # noqa: FBT001 - a parameter of the test
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        url = f"postgresql://u@127.0.0.1:{probe.getsockname()[1]}/db"
        error = error_of(url, text("SELECT 1"), twin=twin, reading=reading)
    assert type(error) is ServiceUnavailable
    assert error.detail == "The database cannot be reached."


def test_a_server_whose_name_does_not_resolve_is_an_outage():
    assert type(error_of("postgresql://u@host.invalid/db", text("SELECT 1"))) is ServiceUnavailable


def test_a_database_that_the_server_does_not_have_is_an_outage(databases: Databases):
    url = databases._server.get_uri(database="nosuch")
    assert type(error_of(url, text("SELECT 1"))) is ServiceUnavailable


def test_a_user_unknown_to_the_server_is_an_outage(databases: Databases):
    url = databases._server.get_uri().replace("postgres@", "nobody@", 1)
    assert type(error_of(url, text("SELECT 1"))) is ServiceUnavailable


@TWINS
def test_a_sqlite_file_that_another_writer_keeps_is_an_outage(
    urls: dict[str, str], twin: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(diptych.core.db.engine_events, "BUSY_TIMEOUT", 0.05)
    with contextlib.closing(sqlite3.connect(urls["sqlite"].removeprefix("sqlite:///"), isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        error = error_of(urls["sqlite"], tag("waiting"), twin=twin)
    assert type(error) is ServiceUnavailable
    assert error.detail == "The database is busy with other writers."


def test_a_sqlite_file_in_a_directory_that_is_not_there_is_an_outage(tmp_path: Path):
    error = error_of(f"sqlite:///{tmp_path}/nowhere/x.db", text("SELECT 1"))
    assert type(error) is ServiceUnavailable


def test_a_file_that_is_no_database_is_an_outage(tmp_path: Path):
    (tmp_path / "x.db").write_bytes(b"This is not a database. " * 100)
    error = error_of(f"sqlite:///{tmp_path}/x.db", text("SELECT 1"))
    assert type(error) is ServiceUnavailable


# --- what can only be a bug ---


@both
@pytest.mark.parametrize("statement", ["SELEC 1", "INSERT INTO tag (id) VALUES (NULL)", "SELECT nosuch FROM tag"])
def test_mistakes_in_statements_are_not_translated(urls: dict[str, str], backend: str, statement: str):
    engine = create_engine(connection_string(Settings(database_url=urls[backend])))
    with pytest.raises(SQLAlchemyError) as caught, engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()
    assert isinstance(caught.value, DBAPIError)
    assert translate(caught.value) is None


@both
def test_a_mistake_of_the_cores_own_is_raised_as_it_is(urls: dict[str, str], backend: str):
    with opened(urls[backend]) as found, pytest.raises(DBAPIError):
        found.run_in_transaction(lambda session: session.execute(text("SELEC 1")))


def test_errors_of_sqlalchemy_itself_are_mistakes():
    assert translate(InvalidRequestError("x")) is None
    assert translate(StaleDataError("x")) is None


def test_of_the_errors_of_advanced_alchemy_alone_only_a_row_that_is_not_found_is_known():
    assert type(meaning(NotFoundError("x"))) is NotFound
    assert meaning(RepositoryError("x")) is None


def test_an_error_is_told_in_one_line_with_the_first_of_the_databases():
    cause = DBAPIError("SELECT 1", {}, sqlite3.OperationalError("disk is full\nand more\n"))
    with pytest.raises(ServiceUnavailable) as caught:
        raise ServiceUnavailable("Not now.") from cause

    assert one_line(caught.value) == "Not now. disk is full"
    assert one_line(cause) == "disk is full"
    assert one_line(ServiceUnavailable("Not now.")) == "Not now."


def test_every_table_is_known_by_name_of_its_constraints():
    # A constraint without a name cannot be traced back to its columns.
    for model in (Author, Book, BookContributor, BookTag, Tag):
        for constraint in model.__table__.constraints:  # type: ignore[attr-defined]
            assert constraint.name
