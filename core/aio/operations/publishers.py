"""Publishers, and the books of one."""

from __future__ import annotations

from diptych.core.aio.operations import crud_operations, merging
from diptych.core.aio.operations.books import including, reader
from diptych.core.aio.operations.crud_operations import Resource
from diptych.core.aio.services.publishers import PublisherService
from diptych.core.aio.statement_executor import Executor
from diptych.core.catalogue.books.schemas import Book, BookList
from diptych.core.catalogue.publishers.schemas import Publisher, PublisherInput, PublisherList, PublisherName
from diptych.core.engine.schemas.pagination import Page
from diptych.core.http.operations import Operation, OperationRequest, OperationResult

resource = Resource(
    name="publishers", service=PublisherService, schema=PublisherInput, answer=Publisher, list_query=PublisherList
)


async def list_books(executor: Executor, call: OperationRequest) -> OperationResult:
    """List the books of a publisher."""
    await resource.reader(executor).ensure_exists(call.parameters["id"])
    return OperationResult(await reader(executor).page_including(call.query, publisher=[call.parameters["id"]]))


operations = [
    *crud_operations.operations(resource),
    *merging.operations(resource, PublisherName),
    Operation(
        name="publishers_list_books",
        method="GET",
        path="/publishers/{id}/books",
        summary="List the books of a publisher",
        run=list_books,
        unit="read",
        needs_transaction=including,
        query=BookList,
        response_schema=Page[Book],
    ),
]
