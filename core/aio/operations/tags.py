"""Tags, and the books that carry one."""

from __future__ import annotations

from diptych.core.aio.operations import crud_operations, merging
from diptych.core.aio.operations.books import including, reader
from diptych.core.aio.operations.crud_operations import Resource
from diptych.core.aio.services.tags import TagService
from diptych.core.aio.statement_executor import Executor
from diptych.core.catalogue.books.schemas import Book, BookList
from diptych.core.catalogue.tags.schemas import Tag, TagInput, TagList, TagName
from diptych.core.engine.schemas.pagination import Page
from diptych.core.http.operations import Operation, OperationRequest, OperationResult

resource = Resource(name="tags", service=TagService, schema=TagInput, answer=Tag, list_query=TagList)


async def list_books(executor: Executor, call: OperationRequest) -> OperationResult:
    """List the books that carry a tag."""
    await resource.reader(executor).ensure_exists(call.parameters["id"])
    return OperationResult(await reader(executor).page_including(call.query, tag=call.parameters["id"]))


operations = [
    *crud_operations.operations(resource),
    *merging.operations(resource, TagName),
    Operation(
        name="tags_list_books",
        method="GET",
        path="/tags/{id}/books",
        summary="List the books that carry a tag",
        run=list_books,
        unit="read",
        needs_transaction=including,
        query=BookList,
        response_schema=Page[Book],
    ),
]
