# Generated from core/aio/operations/tags.py by tools/unasync.py: do not edit, run "make twins".
"""Tags, and the books that carry one."""

from __future__ import annotations

from diptych.core.catalogue.books.schemas import Book, BookList
from diptych.core.catalogue.tags.schemas import Tag, TagInput, TagList, TagName
from diptych.core.engine.schemas.pagination import Page
from diptych.core.http.operations import Operation, OperationRequest, OperationResult
from diptych.core.sync.operations import crud_operations, merging
from diptych.core.sync.operations.books import including, reader
from diptych.core.sync.operations.crud_operations import Resource
from diptych.core.sync.services.tags import TagService
from diptych.core.sync.statement_executor import Executor

resource = Resource(name="tags", service=TagService, schema=TagInput, answer=Tag, list_query=TagList)


def list_books(executor: Executor, call: OperationRequest) -> OperationResult:
    """List the books that carry a tag."""
    resource.reader(executor).ensure_exists(call.parameters["id"])
    return OperationResult(reader(executor).page_including(call.query, tag=call.parameters["id"]))


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
