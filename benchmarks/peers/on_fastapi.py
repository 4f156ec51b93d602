"""FastAPI with advanced-alchemy, as its documentation shows: `uvicorn benchmarks.peers.on_fastapi:app`.

The filters are a handwritten dependency, as in its guide: `provide_filters` of advanced-alchemy 1.12 does not work
with this FastAPI.
"""

from __future__ import annotations

import os
from hashlib import blake2b
from typing import Annotated, Literal
from uuid import UUID

from advanced_alchemy.extensions.fastapi import (
    AdvancedAlchemy,
    AsyncSessionConfig,
    SQLAlchemyAsyncConfig,
    filters,
    service,
)
from fastapi import Depends, FastAPI, Header, Query, Response

from benchmarks.peers.models import BookModel
from benchmarks.peers.schemas import Author, Book, BookBatch, BookCreate, Books, BookUpdate, BookWithTags
from benchmarks.peers.services import AuthorService, BookService

app = FastAPI()
alchemy = AdvancedAlchemy(
    config=SQLAlchemyAsyncConfig(
        connection_string=os.environ["DATABASE_URL"].replace("postgresql:", "postgresql+asyncpg:"),
        session_config=AsyncSessionConfig(expire_on_commit=False),
        commit_mode="autocommit",
    ),
    app=app,
)

Authors = Annotated[AuthorService, Depends(alchemy.provide_service(AuthorService))]
BookServices = Annotated[BookService, Depends(alchemy.provide_service(BookService))]


def provide_filters(
    current_page: Annotated[int, Query(ge=1, alias="currentPage")] = 1,
    page_size: Annotated[int, Query(ge=1, le=1000, alias="pageSize")] = 20,
    search_string: Annotated[str | None, Query(alias="searchString")] = None,
    language_in: Annotated[list[str] | None, Query(alias="languageIn")] = None,
    order_by: Annotated[Literal["created_at", "year"], Query(alias="orderBy")] = "created_at",
    sort_order: Annotated[Literal["asc", "desc"], Query(alias="sortOrder")] = "desc",
) -> list[filters.FilterTypes]:
    """Return the filters of a list."""
    found: list[filters.FilterTypes] = [filters.LimitOffset(page_size, page_size * (current_page - 1))]
    if search_string:
        found.append(filters.SearchFilter(field_name="title", value=search_string, ignore_case=True))
    if language_in:
        found.append(filters.CollectionFilter(field_name="language", values=language_in))
    return [*found, filters.OrderBy(order_by, sort_order), filters.OrderBy("id", sort_order)]


@app.get("/authors/{author_id}")
async def get_author(authors_service: Authors, author_id: UUID) -> Author:
    """Return one author."""
    return authors_service.to_schema(await authors_service.get(author_id), schema_type=Author)


@app.get("/books")
async def list_books(
    books_service: BookServices, filters: Annotated[list[filters.FilterTypes], Depends(provide_filters)]
) -> service.OffsetPagination[Book]:
    """Return a page of books."""
    results, total = await books_service.get_many_and_count(*filters)
    return books_service.to_schema(results, total, filters=filters, schema_type=Book)


@app.get("/books/{book_id}")
async def get_book(
    books_service: BookServices,
    book_id: UUID,
    include: Literal["tags"] | None = None,
    if_none_match: Annotated[str | None, Header()] = None,
) -> Response:
    """Return one book, with its tags if requested; 304 if the client has it already."""
    book = await books_service.get(book_id, load=[BookModel.tags] if include else None)
    schema = BookWithTags if include else Book
    body = books_service.to_schema(book, schema_type=schema).model_dump_json().encode()
    headers = {"ETag": f'"{blake2b(body, digest_size=16).hexdigest()}"'}
    if if_none_match == headers["ETag"]:
        return Response(status_code=304, headers=headers)
    return Response(body, media_type="application/json", headers=headers)


@app.post("/books", status_code=201)
async def create_book(books_service: BookServices, data: BookCreate) -> Book:
    """Create a book."""
    return books_service.to_schema(await books_service.create(data), schema_type=Book)


@app.post("/books/batch", status_code=201)
async def create_books(books_service: BookServices, data: BookBatch) -> Books:
    """Create books."""
    books = await books_service.create_batch(data.items)
    return Books(items=[books_service.to_schema(book, schema_type=Book) for book in books])


@app.patch("/books/{book_id}")
async def update_book(books_service: BookServices, book_id: UUID, data: BookUpdate) -> Book:
    """Update the fields that were sent."""
    return books_service.to_schema(await books_service.update(data, item_id=book_id), schema_type=Book)


@app.delete("/books/{book_id}", status_code=204)
async def delete_book(books_service: BookServices, book_id: UUID) -> None:
    """Delete a book."""
    await books_service.delete(book_id)
