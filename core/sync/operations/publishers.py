# Generated from core/aio/operations/publishers.py by tools/unasync.py: do not edit, run "make twins".
"""Publishers, and the books of one."""

from __future__ import annotations

from diptych.core.catalogue.books.schemas import Book, BookList
from diptych.core.catalogue.publishers.schemas import Publisher, PublisherInput, PublisherList, PublisherName
from diptych.core.engine.schemas.pagination import Page
from diptych.core.http.operations import Operation, OperationRequest, OperationResult
from diptych.core.sync.operations import crud_operations, merging
from diptych.core.sync.operations.books import including, reader
from diptych.core.sync.operations.crud_operations import Resource
from diptych.core.sync.services.publishers import PublisherService
from diptych.core.sync.statement_executor import Executor

resource = Resource(
    name="publishers", service=PublisherService, schema=PublisherInput, answer=Publisher, list_query=PublisherList
)


def list_books(executor: Executor, call: OperationRequest) -> OperationResult:
    """List the books of a publisher."""
    resource.reader(executor).ensure_exists(call.parameters["id"])
    return OperationResult(reader(executor).page_including(call.query, publisher=[call.parameters["id"]]))


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
