"""Files on their way into the store, and out of it. No connection to the database is held meanwhile."""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import partial

from diptych.core.aio.statement_executor import Executor
from diptych.core.aio.unit_of_work import Database
from diptych.core.errors import ServiceUnavailable
from diptych.core.files import queries
from diptych.core.files.rules import LEAST_COUNTED, UNREFERENCED, UNSTORED, Allowance, StoredFile
from diptych.core.files.store import FileStore
from diptych.core.http import problems
from diptych.core.http.request_response import FileRange
from diptych.core.http.spool import Spool
from diptych.core.off_loop import in_thread_async


async def store_file(
    database: Database, store: FileStore, spool: Spool, media_type: str, allowance: Allowance | None = None
) -> StoredFile:
    """Store a file, whose row is pending until `keep` is committed.

    The row is committed before the file is stored, so that the sweep finds every file that may be in the store, and
    together with what counts for its sender, so that of several uploads at once none exceeds the allowance.

    Errors: Problem 413 where it would be exceeded; ServiceUnavailable.
    """
    file = StoredFile(spool.digest, len(spool), media_type, spool.name)

    async def receive(executor: Executor) -> None:
        values = {"digest": file.digest, "new_size": file.size, "new_media_type": media_type}
        await executor.run(queries.RECEIVE[executor.dialect.name], values)
        if allowance is not None:
            await _count(executor, allowance, file)

    await database.execute_write(receive, in_transaction=allowance is not None)
    await in_thread_async(partial(store.put, file.digest, spool))
    return file


async def _count(executor: Executor, allowance: Allowance, file: StoredFile) -> None:
    """Count a file for its sender. Errors: Problem 413."""
    if executor.dialect.name == "postgresql":
        await executor.first(queries.LOCK_SENDER, {"lock": allowance.lock})
    sent = {"principal": allowance.principal, "sha256": file.digest, "size": max(file.size, LEAST_COUNTED)}
    await executor.run(queries.ADD_SENDER[executor.dialect.name], sent)
    await check_allowance(executor, allowance)


async def check_allowance(executor: Executor, allowance: Allowance, size: int = 0) -> None:
    """Check whether a file of so many bytes more may be stored. Errors: Problem 413."""
    ((sent,),) = await executor.all(queries.SENT, {"principal": allowance.principal})
    if sent + size > allowance.limit:
        raise problems.storage_limit(allowance.limit, int(sent))


async def keep(executor: Executor, file: StoredFile) -> None:
    """Keep a stored file, in the transaction that refers to it. Errors: ServiceUnavailable where it was deleted."""
    if await executor.first(queries.KEEP, {"digest": file.digest}) is None:
        raise ServiceUnavailable("The file was deleted before it was used: send it again.")


async def open_file(store: FileStore, part: FileRange) -> AsyncIterator[bytes]:
    """Return a part of a file in pieces, the first of which has been read. Errors: ServiceUnavailable."""
    pieces = store.read(part)
    return _rest(await in_thread_async(partial(next, pieces, b"")), partial(next, pieces, b""))


async def _rest(piece: bytes, following: partial[bytes]) -> AsyncIterator[bytes]:
    while piece:
        yield piece
        piece = await in_thread_async(following)


class FileSweep:
    """Deletes files that nothing refers to. Each call is a transaction, and returns how many files it has changed.

    A file is first marked, by a transaction of its own. Then its row is locked, and the file and the row are deleted:
    an upload of the same file waits for that, and stores it again.
    """

    def __init__(self, store: FileStore) -> None:
        self._store = store

    async def __call__(self, executor: Executor) -> int:
        times = {"unstored": -UNSTORED.total_seconds(), "unreferenced": -UNREFERENCED.total_seconds()}
        for mark in queries.MARKS[executor.dialect.name]:
            if marked := await executor.all(mark, times):
                return len(marked)
        try:
            deleted = await self._delete(executor)
            return deleted or await in_thread_async(partial(self._store.delete_unfinished, UNSTORED.total_seconds()))
        except ServiceUnavailable:
            # Of the store, which has logged it: jobs are done all the same, and the next sweep goes on.
            return 0

    async def _delete(self, executor: Executor) -> int:
        digests = [digest for (digest,) in await executor.all(queries.DELETING, {})]
        # By another statement, which sees what was committed before the rows were locked.
        referenced = {digest for (digest,) in await executor.all(queries.REFERENCED, {"digests": digests})}
        for digest in digests:
            if digest not in referenced:
                await in_thread_async(partial(self._store.delete, digest))
                await executor.run(queries.FORGET, {"digest": digest})
        return len(set(digests) - referenced)
