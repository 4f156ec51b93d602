# Generated from core/aio/operations/authors.py by tools/unasync.py: do not edit, run "make twins".
"""Authors, and the books of one."""

from __future__ import annotations

from diptych.core.catalogue.authors.schemas import Author, AuthorInput, AuthorList, AuthorName
from diptych.core.catalogue.books.schemas import Book, BookList
from diptych.core.engine.schemas.pagination import Page
from diptych.core.http.operations import Operation, OperationRequest, OperationResult
from diptych.core.sync.operations import crud_operations, merging
from diptych.core.sync.operations.books import including, reader
from diptych.core.sync.operations.crud_operations import Resource
from diptych.core.sync.services.authors import AuthorService
from diptych.core.sync.statement_executor import Executor

resource = Resource(name="authors", service=AuthorService, schema=AuthorInput, answer=Author, list_query=AuthorList)


def list_books(executor: Executor, call: OperationRequest) -> OperationResult:
    """List the books an author wrote or contributed to."""
    resource.reader(executor).ensure_exists(call.parameters["id"])
    return OperationResult(reader(executor).page_including(call.query, author=[call.parameters["id"]]))


operations = [
    *crud_operations.operations(resource),
    *merging.operations(resource, AuthorName),
    Operation(
        name="authors_list_books",
        method="GET",
        path="/authors/{id}/books",
        summary="List the books an author wrote or contributed to",
        run=list_books,
        unit="read",
        needs_transaction=including,
        query=BookList,
        response_schema=Page[Book],
    ),
]
