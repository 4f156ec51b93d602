# Generated from core/aio/operations/pages/__init__.py by tools/unasync.py: do not edit, run "make twins".
"""Pages for people, below /ui: what waits for the database. What they look like is in diptych.core.web."""

from diptych.core.http.operations import Operation
from diptych.core.sync.operations.pages import (
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
