"""Authors, and the books of one."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncSession

from core.aio.operations import resources
from core.aio.operations.books import including
from core.aio.operations.resources import Resource
from core.aio.services.authors import AuthorService
from core.aio.services.books import BookService
from core.http.operations import Answer, Call, Operation
from core.queries.books import contributed
from core.schemas.authors import Author, AuthorInput, AuthorList
from core.schemas.books import Book, BookList
from core.schemas.lists import Page

authors = Resource(name="authors", service=AuthorService, schema=AuthorInput, answer=Author, list_query=AuthorList)


async def list_books(session: AsyncSession, call: Call) -> Answer:
    """The books an author wrote or contributed to."""
    await AuthorService(session).require(call.parameters["id"])
    return Answer(await BookService(session).page_including(call.query, contributed([call.parameters["id"]])))


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
