"""Authors, and the books of one."""

from __future__ import annotations

from core.aio.operations import resources
from core.aio.operations.books import including, reader
from core.aio.operations.resources import Resource
from core.aio.services.authors import AuthorService
from core.aio.services.reading import Executor
from core.http.operations import Answer, Call, Operation
from core.queries.books import contributed
from core.schemas.authors import Author, AuthorInput, AuthorList
from core.schemas.books import Book, BookList
from core.schemas.lists import Page

authors = Resource(name="authors", service=AuthorService, schema=AuthorInput, answer=Author, list_query=AuthorList)


async def list_books(connection: Executor, call: Call) -> Answer:
    """The books an author wrote or contributed to."""
    await authors.reader(connection).require(call.parameters["id"])
    return Answer(await reader(connection).page_including(call.query, contributed([call.parameters["id"]])))


operations = [
    *resources.operations(authors),
    Operation(
        name="authors_list_books",
        method="GET",
        path="/authors/{id}/books",
        summary="List the books an author wrote or contributed to",
        run=list_books,
        unit="read",
        several=including,
        query=BookList,
        answers=Page[Book],
    ),
]
