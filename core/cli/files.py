"""`files`: compare the store of files with the table."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from functools import partial
from typing import NamedTuple

import click

from diptych.core.cli.common import ErrorHandlingGroup, database_of
from diptych.core.files import queries
from diptych.core.files.store import FileStore
from diptych.core.http.request_response import FileRange
from diptych.core.import_export.summary import counted
from diptych.core.settings import Settings
from diptych.core.sync.file_storage import FileSweep
from diptych.core.sync.statement_executor import Executor
from diptych.core.sync.unit_of_work import Database


class Difference(NamedTuple):
    """What is wrong with a file. name: its digest, or what the store calls it. is_lost: whether no repair brings it."""

    name: str
    problem: str
    is_lost: bool = False


def files_group(settings: Settings) -> click.Group:
    """Return the `files` group for these settings."""

    @click.group("files", cls=ErrorHandlingGroup)
    def files() -> None:
        """Look after the files of books, imports and exports."""

    @files.command("verify")
    @click.option("--content", is_flag=True, help="Read each file, and compare its content with its name.")
    @click.option("--repair", is_flag=True, help="Delete what nothing refers to. What is lost has to be sent again.")
    @click.option(
        "--read-only", is_flag=True, help="Compare without storing a file first, for a store that must not be written."
    )
    def verify(content: bool, repair: bool, read_only: bool) -> None:  # noqa: FBT001 - click passes them by name
        """Compare the store of files with the table, both ways, and name what differs.

        First a small file is stored, read and deleted. The status is 1 where that fails, and where a difference stays.
        The service may run meanwhile.
        """
        if repair and read_only:
            raise click.UsageError("--repair deletes files: leave out --read-only")
        store = FileStore(settings.files)
        if read_only:
            store.check_readable()
        else:
            store.check()
        with database_of(settings) as database:
            found = list(differences(database, store, content=content))
            for each in found:
                click.echo(f"{each.name}: {each.problem}")
            if repair:
                _repair(database, store, found)
                found = [each for each in found if each.is_lost]
        click.echo(f"Found {counted(len(found), 'difference')}{' that cannot be repaired' * repair}.")
        if found:
            raise SystemExit(1)

    return files


def differences(database: Database, store: FileStore, *, content: bool = False) -> Iterator[Difference]:
    """Yield what differs between the store and the table. content: read each file. Errors: ServiceUnavailable."""
    # The store first: the row of a file is there before it is stored.
    stored = dict(store.listed())
    after = ""
    while rows := database.read(partial(_page, after=after)):
        for digest, size, state, is_referenced in rows:
            found = stored.pop(digest, None)
            if state == "ready" and (problem := _problem(store, digest, size, found, content=content)):
                yield Difference(digest, problem, bool(is_referenced))
        after = rows[-1][0]
    for name in sorted(stored):
        if len(name) != hashlib.sha256().digest_size * 2:
            yield Difference(name, "is no file of this service", is_lost=True)
        elif store.size(name) is not None:
            yield Difference(name, "is in the store and not in the table")


def _page(executor: Executor, after: str) -> list[tuple[str, int, str, bool]]:
    return [(row[0], row[1], row[2], row[3]) for row in executor.all(queries.PAGE, {"after": after})]


def _problem(store: FileStore, digest: str, size: int, found: int | None, *, content: bool) -> str:
    """Return what is wrong with a file that should be in the store. found: its size there when that was listed."""
    found = store.size(digest) if found is None else found
    if found is None:
        return "is in the table and not in the store"
    if found != size:
        return f"has {found} bytes in the store, and {size} in the table"
    if content:
        read = hashlib.sha256()
        for piece in store.read(FileRange(digest, 0, size)):
            read.update(piece)
        if read.hexdigest() != digest:
            return "has another content"
    return ""


def _repair(database: Database, store: FileStore, found: list[Difference]) -> None:
    """Delete the files, and the rows, that nothing refers to."""

    def doom(executor: Executor) -> None:
        for each in found:
            if not each.is_lost:
                executor.run(queries.DOOM[executor.dialect.name], {"digest": each.name})

    database.execute_write(doom, in_transaction=True)
    sweep = FileSweep(store)
    while database.execute_write(sweep, in_transaction=True):
        pass
