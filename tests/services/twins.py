"""One way to drive both twins: everything is awaited, and in diptych.core.sync nothing waits."""

from __future__ import annotations

import importlib
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy import Engine, delete, event, update

from diptych.core.access.accounts.model import Account
from diptych.core.access.policy import AccessPolicy
from diptych.core.catalogue.authors.model import Author
from diptych.core.catalogue.books.model import Book, BookContributor, BookTag
from diptych.core.catalogue.kept_counts import KeptCount
from diptych.core.catalogue.publishers.model import Publisher
from diptych.core.catalogue.series.model import Series
from diptych.core.catalogue.tags.model import Tag
from diptych.core.database import async_config, sync_config
from diptych.core.engine.history_triggers import SOURCE
from diptych.core.engine.schemas.pagination import Upserted
from diptych.core.files.model import File
from diptych.core.history.model import Change
from diptych.core.idempotency.model import IdempotencyKey
from diptych.core.import_export.import_books import load_books
from diptych.core.import_export.restore import export_lines, restore
from diptych.core.jobs.model import Job
from diptych.core.settings import Settings

TWINS = ("aio", "sync")
_READS = {"contributors", "ensure_exists", "fetch", "including", "page", "page_after", "page_including", "tags"}
_MANY = {"create_many", "update_many"}
_ONE_ROW = {"add", "change", "lock_for_update", "remove", "replace"}


def finished(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """Return the result of a coroutine that waits for nothing."""
    try:
        coroutine.send(None)
    except StopIteration as end:
        return end.value
    raise AssertionError("the synchronous twin waited for something")


class _Awaitable:
    """An object with methods that can be awaited, though they are plain functions."""

    def __init__(self, target: Any) -> None:
        self._target = target

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._target, name)
        if not callable(found):
            return found

        async def call(*arguments: Any, **named: Any) -> Any:
            return found(*arguments, **named)

        return call


def _service(kind: Any, has: Any) -> Any:
    return kind(has, wrap_exceptions=False)


def _reader(kind: Any, has: Any) -> Any:
    return kind.reader(has, kind.spec)


def _writer(kind: Any, has: Any) -> Any:
    return kind.writer(has, kind.spec)


class Services:
    """The session or the executor of a unit of work, and the services on it."""

    def __init__(self, twin: Twin, has: Any, make: Callable[[Any, Any], Any]) -> None:
        def of(module: str, name: str) -> Any:
            made = make(getattr(twin.module(f"services.{module}"), name), has)
            return made if twin.name == "aio" else _Awaitable(made)

        self.session = has if twin.name == "aio" else _Awaitable(has)
        self.authors = of("authors", "AuthorService")
        self.books = of("books", "BookService")
        self.tags = of("tags", "TagService")


Work = Callable[[Services], Awaitable[Any]]


class _OneByOne:
    """A service of which each method is its own unit of work."""

    def __init__(self, twin: Twin, name: str) -> None:
        self._twin = twin
        self._name = name

    def __getattr__(self, method: str) -> Any:
        async def call(*arguments: Any, **named: Any) -> Any:
            async def work(services: Services) -> Any:
                service = getattr(services, self._name)
                done = await getattr(service, method)(*arguments, **named)
                if method == "upsert_many":
                    return Upserted(await service.represent(done), done.created, done.updated, done.unchanged)
                return await service.represent(done) if method in _MANY else done

            if method in _ONE_ROW:
                return await self._twin.change(work)
            return await (self._twin.read if method in _READS else self._twin.write)(work)

        return call


FILES = tempfile.TemporaryDirectory()
"""Where the files of all their books are."""


class Twin:
    """A Database of diptych.core.aio or of diptych.core.sync."""

    def __init__(self, name: str, url: str, **settings: Any) -> None:
        self.name = name
        self.url = url
        self.backend = url.partition(":")[0]
        self.settings = Settings(database_url=url, **{"files": FILES.name, **settings})
        config = async_config(self.settings) if name == "aio" else sync_config(self.settings)
        self.database = self.module("unit_of_work").Database(config)
        self.authors = _OneByOne(self, "authors")
        self.books = _OneByOne(self, "books")
        self.tags = _OneByOne(self, "tags")

    def module(self, name: str) -> Any:
        return importlib.import_module(f"diptych.core.{self.name}.{name}")

    @property
    def engine(self) -> Engine:
        engine = self.database._engine
        return engine.sync_engine if self.name == "aio" else engine

    @property
    def connections_in_use(self) -> int:
        return self.engine.pool.checkedout()  # type: ignore[attr-defined]

    async def write(self, work: Work) -> Any:
        return await self._run(
            self.database.run_in_transaction, lambda session: work(Services(self, session, _service))
        )

    async def change(self, work: Work, *, together: bool = True) -> Any:
        return await self.changing(lambda executor: work(Services(self, executor, _writer)), together=together)

    async def changing(self, work: Callable[[Any], Awaitable[Any]], *, together: bool = True) -> Any:
        """Run work on an executor."""
        return await self._run(partial(self.database.execute_write, in_transaction=together), work)

    async def read(self, work: Work) -> Any:
        return await self._run(self.database.read, lambda executor: work(Services(self, executor, _reader)))

    # Imports and exports are synchronous only

    async def load(self, records: Sequence[Any], **options: Any) -> Any:
        return self.database.run_in_transaction(lambda session: load_books(session, records, **options))

    async def restore(self, copies: Sequence[Any], lines: Sequence[int] | None = None) -> Any:
        lines = lines or range(1, len(copies) + 1)
        return self.database.run_in_transaction(lambda session: restore(session, copies, lines))

    async def export(self) -> AsyncIterator[dict[str, Any]]:
        for line in export_lines(self.database):
            yield line

    async def exported(self) -> list[dict[str, Any]]:
        return [line async for line in self.export()]

    async def close(self) -> None:
        closing = self.database.close()
        if self.name == "aio":
            await closing

    async def emptied(self) -> None:
        async def work(services: Services) -> None:
            models = (
                BookTag,
                BookContributor,
                Book,
                File,
                Tag,
                Author,
                Publisher,
                Series,
                IdempotencyKey,
                Account,
                Change,
                Job,
                KeptCount,
            )
            for model in models:
                await services.session.execute(delete(model))
            await services.session.execute(update(AccessPolicy).values(anonymous="editor", chosen=True))

        await self.write(work)

    async def _run(self, unit: Any, work: Callable[[Any], Any]) -> Any:
        if self.name == "aio":
            return await unit(work)
        return unit(lambda session: finished(work(session)))

    @contextmanager
    def counted(self) -> Iterator[Counts]:
        """Yield the counts of the statements and commits in the block."""
        counts = Counts()

        def statement(_connection: Any, _cursor: Any, text: str, *_: Any) -> None:
            # What tells SQLite's triggers who makes a change is part of the beginning and the end of a transaction.
            if not text.startswith(("BEGIN", "PRAGMA")) and SOURCE not in text:
                counts.statements.append(text)

        def commit(_connection: Any) -> None:
            counts.commits += 1

        kind = self.module("statement_executor").Executor
        execute = kind._execute

        def counting(executor: Any, text: str, parameters: Any, **options: Any) -> Any:
            counts.statements.append(text)
            return execute(executor, text, parameters, **options)

        event.listen(self.engine, "before_cursor_execute", statement)
        event.listen(self.engine, "commit", commit)
        kind._execute = counting
        try:
            yield counts
        finally:
            kind._execute = execute
            event.remove(self.engine, "before_cursor_execute", statement)
            event.remove(self.engine, "commit", commit)


class Counts:
    """The statements, and the number of commits."""

    def __init__(self) -> None:
        self.statements: list[str] = []
        self.commits = 0


async def author(twin: Twin, name: str = "Homer", **values: Any) -> UUID:
    """Create an author, and return its id."""
    found: UUID = (await twin.authors.add({"name": name, **values})).id
    return found


async def book(twin: Twin, title: str = "Iliad", author_id: UUID | None = None, **values: Any) -> UUID:
    """Create a book, and return its id."""
    author_id = author_id or await author(twin)
    found: UUID = (await twin.books.add({"title": title, "author_id": author_id, **values})).id
    return found
