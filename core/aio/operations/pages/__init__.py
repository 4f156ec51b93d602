"""Pages for people, below /ui: what waits for the database. What they look like is in diptych.core.web."""

from diptych.core.aio.operations.pages import (
    accounts,
    administration,
    batch,
    book_writing,
    files,
    fixed,
    imports,
    jobs,
    lists,
    me,
    merging,
    reading,
    writing,
)
from diptych.core.http.operations import Operation

operations: tuple[Operation, ...] = (
    *fixed.operations,
    *reading.operations,
    *lists.operations,
    *files.operations,
    *accounts.operations,
    *writing.operations,
    *book_writing.operations,
    *merging.operations,
    *batch.operations,
    *me.operations,
    *imports.operations,
    *jobs.operations,
    *administration.operations,
)
