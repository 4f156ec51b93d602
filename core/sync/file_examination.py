# Generated from core/aio/file_examination.py by tools/unasync.py: do not edit, run "make twins".
"""The job that looks into a file after its upload: it keeps copies for display, and what an EPUB book says."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing
from functools import partial
from importlib import import_module
from typing import Any

import msgspec
from sqlalchemy.orm import Session

from diptych.core.files import queries
from diptych.core.files.rules import StoredFile
from diptych.core.files.schemas import ExamineParameters
from diptych.core.files.store import FileStore
from diptych.core.formats.registry import MissingLibraryError
from diptych.core.http.request_response import FileRange
from diptych.core.http.spool import Spool
from diptych.core.jobs.rules import JobFailed, Progress
from diptych.core.off_loop import in_thread
from diptych.core.sync.file_storage import keep, store_file
from diptych.core.sync.statement_executor import Executor, executor_of
from diptych.core.sync.unit_of_work import Database
from diptych.core.sync.worker import Step


def examine_steps(
    store: FileStore, database: Database, parameters: ExamineParameters, _progress: Progress
) -> Generator[Step | None]:
    """Look into a file, and keep what is found, in one batch. Nothing is done where it was examined or deleted.

    Errors: JobFailed where a library is missing; ServiceUnavailable of the store.
    """
    digest = parameters.sha256

    def find(executor: Executor) -> Any:
        return executor.first(queries.FIND, {"digest": digest})

    row = database.read(find)
    if row is None or row[2]:
        return
    media_type, size, _ = row
    # It needs Pillow and lxml: the service does without them until a file comes.
    content = import_module("diptych.core.files.content.examination")
    with closing(Spool()) as spool:
        in_thread(partial(_load, store, FileRange(digest, 0, size), spool))
        try:
            found = in_thread(partial(content.examined, media_type, spool.rewound()))
        except MissingLibraryError as error:
            raise JobFailed(f"{error}.") from error
    copies = []
    for copy in found.copies:
        with closing(Spool()) as spool:
            spool.extend(copy.content)
            copies.append((copy, store_file(database, store, spool, copy.media_type)))
    yield partial(_keep, digest, found, copies)


def _load(store: FileStore, part: FileRange, spool: Spool) -> None:
    for piece in store.read(part):
        spool.extend(piece)


def _keep(digest: str, found: Any, copies: list[tuple[Any, StoredFile]], session: Session) -> Progress:
    """Keep what was found in a file, in place of what was found before; nothing where the file is gone."""
    executor = executor_of(session)
    if executor.first(queries.LOCK_STORED, {"digest": digest}) is None:
        return Progress(done=1, total=1, counts={"copies": 0})
    executor.run(queries.FORGET_COPIES, {"digest": digest})
    # In one order for all jobs: two that keep the same files do not wait for each other.
    for file in sorted({file.digest: file for _, file in copies}.values(), key=lambda each: each.digest):
        keep(executor, file)
    for copy, file in copies:
        row = {"size": copy.size, "media_type": copy.media_type, "width": copy.width, "height": copy.height}
        executor.run(queries.ADD_COPY, {"original": digest, "sha256": file.digest, **row})
    content = {name: msgspec.to_builtins(getattr(found, name)) for name in ("metadata", "left_out", "error")}
    executor.run(queries.FORGET_DESCRIPTION, {"digest": digest})
    executor.run(queries.ADD_DESCRIPTION, {"digest": digest, "new_content": content})
    return Progress(done=1, total=1, counts={"copies": len(copies)})
