"""The books of a catalogue as records, which a writer of any format takes."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from sqlalchemy import func, select

from diptych.core.catalogue.books import queries
from diptych.core.catalogue.books.model import Book
from diptych.core.formats.record import BookRecord
from diptych.core.sync.services.book_records import INCLUDED, book_records
from diptych.core.sync.services.books import BookReader
from diptych.core.sync.services.row_reader import Reader
from diptych.core.sync.statement_executor import Executor

PAGE = 1000
"""Books that are read at a time."""

_COUNT = select(func.count()).select_from(Book)


def count_books(executor: Executor) -> int:
    """Return how many books `export_records` yields."""
    ((number,),) = executor.all(_COUNT, {})
    return int(number)


def export_records(executor: Executor) -> Iterator[BookRecord]:
    """Yield all books in the order of their ids, PAGE at a time, by a fixed number of statements for each page.

    record_id is the id of the book, and line its number from 1. Where one moment counts, the executor is to be that of
    a snapshot.
    """
    pages, reader = Reader(executor, queries.spec), BookReader(executor, queries.spec)
    number = 1
    last: UUID | None = None
    while True:
        found = pages.page_after(last, PAGE)
        yield from book_records(executor, reader.including(found, INCLUDED), number)
        if len(found) < PAGE:
            return
        number, last = number + PAGE, found[-1].id
