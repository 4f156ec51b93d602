"""Series, and the books of one."""

from __future__ import annotations

from diptych.core.aio.operations import crud_operations
from diptych.core.aio.operations.books import including, reader
from diptych.core.aio.operations.crud_operations import Resource
from diptych.core.aio.services.series import SeriesService
from diptych.core.aio.statement_executor import Executor
from diptych.core.catalogue.books.schemas import Book, BookList
from diptych.core.catalogue.series.schemas import Series, SeriesInput, SeriesList
from diptych.core.engine.schemas.pagination import Page
from diptych.core.http.operations import Operation, OperationRequest, OperationResult

resource = Resource(name="series", service=SeriesService, schema=SeriesInput, answer=Series, list_query=SeriesList)


async def list_books(executor: Executor, call: OperationRequest) -> OperationResult:
    """List the books of a series."""
    await resource.reader(executor).ensure_exists(call.parameters["id"])
    return OperationResult(await reader(executor).page_including(call.query, series_id=[call.parameters["id"]]))


operations = [
    *crud_operations.operations(resource),
    Operation(
        name="series_list_books",
        method="GET",
        path="/series/{id}/books",
        summary="List the books of a series",
        run=list_books,
        unit="read",
        needs_transaction=including,
        query=BookList,
        response_schema=Page[Book],
    ),
]
