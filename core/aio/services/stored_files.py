"""Files of a book that forms of the pages have stored before: its cover, and e-books. The book is locked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from msgspec import Struct
from sqlalchemy.exc import IntegrityError
from uuid_utils.compat import uuid7

from diptych.core.aio.job_queue import enqueue
from diptych.core.aio.statement_executor import Executor
from diptych.core.engine.entity import now
from diptych.core.errors import FieldError, ValidationFailed
from diptych.core.files import queries
from diptych.core.files.content.media_types import BOOKS, IMAGES
from diptych.core.files.copies import EXAMINED
from diptych.core.files.rules import EXAMINE, FILES_OF_BOOK, Kind

_TYPES = {"cover": IMAGES, "ebook": BOOKS}


class ChosenFile(Struct, frozen=True):
    """A file that was chosen for a book, by the SHA-256 of what is stored. kind: also the field of the form."""

    kind: Kind
    digest: str
    name: str | None


async def cover_digest(executor: Executor, book_id: UUID) -> str:
    """Return the SHA-256 of the first cover of a book; empty where it has none."""
    row = await executor.first(queries.FIRST_COVER, {"book": book_id})
    return "" if row is None else str(row[1])


async def set_cover(executor: Executor, book_id: UUID, chosen: ChosenFile | None) -> None:
    """Put a file in place of the first cover of a book, or remove that. Errors: ValidationFailed."""
    row = await executor.first(queries.FIRST_COVER, {"book": book_id})
    if row is None:
        if chosen is not None:
            await add(executor, book_id, chosen)
    elif chosen is None:
        await executor.run(queries.REMOVE, {"book": book_id, "file": row[0]})
    else:
        await _attach(executor, queries.REPLACE, {"book": book_id, "file": row[0]}, chosen)


async def add(executor: Executor, book_id: UUID, chosen: ChosenFile) -> None:
    """Give a book a file. Errors: ValidationFailed."""
    ((count,),) = await executor.all(queries.COUNT, {"book": book_id})
    if count >= FILES_OF_BOOK:
        raise _refused(chosen, "many", f"a book has {FILES_OF_BOOK} files at most")
    await _attach(executor, queries.ADD, {"book": book_id, "file": uuid7(), "moment": now()}, chosen)


async def _attach(executor: Executor, statement: Any, values: dict[str, Any], chosen: ChosenFile) -> None:
    row = await executor.first(queries.KEEP_STORED, {"digest": chosen.digest})
    if row is None:
        raise _refused(chosen, "gone", "it was kept for a week, and is gone: choose it again")
    (media_type,) = row
    if media_type not in _TYPES[chosen.kind]:
        raise _refused(chosen, "kind", "this is a file of another kind")
    new = {"new_kind": chosen.kind, "new_name": chosen.name or None, "new_sha256": chosen.digest}
    with _once(chosen):
        await executor.run(statement, {**values, **new})
    if media_type in EXAMINED:
        await enqueue(executor, EXAMINE, {"sha256": chosen.digest})


@contextmanager
def _once(chosen: ChosenFile) -> Iterator[None]:
    try:
        yield
    except IntegrityError as error:
        raise _refused(chosen, "repeated", "the book has this file already") from error


def _refused(chosen: ChosenFile, code: str, detail: str) -> ValidationFailed:
    return ValidationFailed("The file cannot be taken.", [FieldError(code, detail, path=(chosen.kind,))])
