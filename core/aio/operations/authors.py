"""Authors, and the books of one."""

from __future__ import annotations

from diptych.core.aio.operations import crud_operations, merging
from diptych.core.aio.operations.books import including, reader
from diptych.core.aio.operations.crud_operations import Resource
from diptych.core.aio.services.authors import AuthorService
from diptych.core.aio.statement_executor import Executor
from diptych.core.catalogue.authors.schemas import Author, AuthorInput, AuthorList, AuthorName
from diptych.core.catalogue.books.schemas import Book, BookList
from diptych.core.engine.schemas.pagination import Page
from diptych.core.http.operations import Operation, OperationRequest, OperationResult

resource = Resource(name="authors", service=AuthorService, schema=AuthorInput, answer=Author, list_query=AuthorList)


async def list_books(executor: Executor, call: OperationRequest) -> OperationResult:
    """List the books an author wrote or contributed to."""
    await resource.reader(executor).ensure_exists(call.parameters["id"])
    return OperationResult(await reader(executor).page_including(call.query, author=[call.parameters["id"]]))


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
