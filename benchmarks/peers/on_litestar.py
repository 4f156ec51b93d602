"""Litestar with advanced-alchemy, as its documentation shows: on granian and on uvicorn."""

from __future__ import annotations

import os
from hashlib import blake2b
from typing import Annotated, Any, Literal
from uuid import UUID

from advanced_alchemy.extensions.litestar import (
    AsyncSessionConfig,
    SQLAlchemyAsyncConfig,
    SQLAlchemyPlugin,
    filters,
    providers,
    service,
)
from advanced_alchemy.filters import OrderBy
from advanced_alchemy.utils.dependencies import FieldNameType
from litestar import Controller, Litestar, MediaType, Request, Response, delete, get, patch, post
from litestar.params import Dependency

from benchmarks.peers.models import BookModel
from benchmarks.peers.schemas import Author, Book, BookBatch, BookCreate, Books, BookUpdate, BookWithTags
from benchmarks.peers.services import AuthorService, BookService


class AuthorController(Controller):
    """Authors."""

    path = "/authors"
    dependencies = providers.create_service_dependencies(AuthorService, "authors_service")

    @get("/{author_id:uuid}")
    async def get_author(self, authors_service: AuthorService, author_id: UUID) -> Author:
        """Return one author."""
        return authors_service.to_schema(await authors_service.get(author_id), schema_type=Author)


class BookController(Controller):
    """Books."""

    path = "/books"
    dependencies = providers.create_service_dependencies(
        BookService,
        "books_service",
        filters={
            "pagination_type": "limit_offset",
            "pagination_size": 20,
            "search": "title",
            "search_ignore_case": True,
            "sort_field": "created_at",
            "sort_order": "desc",
            "in_fields": [FieldNameType("language", str)],
        },
    )

    @get("/")
    async def list_books(
        self,
        books_service: BookService,
        filters: Annotated[list[filters.FilterTypes], Dependency(skip_validation=True)],
    ) -> service.OffsetPagination[Book]:
        """Return a page of books."""
        (order,) = (each for each in filters if isinstance(each, OrderBy))
        results, total = await books_service.get_many_and_count(*filters, OrderBy("id", order.sort_order))
        return books_service.to_schema(results, total, filters=filters, schema_type=Book)

    @get("/{book_id:uuid}")
    async def get_book(
        self,
        request: Request[Any, Any, Any],
        books_service: BookService,
        book_id: UUID,
        include: Literal["tags"] | None = None,
    ) -> Response[bytes]:
        """Return one book, with its tags if requested; 304 if the client has it already."""
        book = await books_service.get(book_id, load=[BookModel.tags] if include else None)
        schema = BookWithTags if include else Book
        body = books_service.to_schema(book, schema_type=schema).model_dump_json().encode()
        headers = {"ETag": f'"{blake2b(body, digest_size=16).hexdigest()}"'}
        if request.headers.get("If-None-Match") == headers["ETag"]:
            return Response(b"", status_code=304, headers=headers)
        return Response(body, media_type=MediaType.JSON, headers=headers)

    @post("/")
    async def create_book(self, books_service: BookService, data: BookCreate) -> Book:
        """Create a book."""
        return books_service.to_schema(await books_service.create(data), schema_type=Book)

    @post("/batch")
    async def create_books(self, books_service: BookService, data: BookBatch) -> Books:
        """Create books."""
        books = await books_service.create_batch(data.items)
        return Books(items=[books_service.to_schema(book, schema_type=Book) for book in books])

    @patch("/{book_id:uuid}")
    async def update_book(self, books_service: BookService, book_id: UUID, data: BookUpdate) -> Book:
        """Update the fields that were sent."""
        return books_service.to_schema(await books_service.update(data, item_id=book_id), schema_type=Book)

    @delete("/{book_id:uuid}")
    async def delete_book(self, books_service: BookService, book_id: UUID) -> None:
        """Delete a book."""
        await books_service.delete(book_id)


alchemy_config = SQLAlchemyAsyncConfig(
    connection_string=os.environ["DATABASE_URL"].replace("postgresql:", "postgresql+asyncpg:"),
    before_send_handler="autocommit",
    session_config=AsyncSessionConfig(expire_on_commit=False),
)

app = Litestar(
    route_handlers=[AuthorController, BookController],
    plugins=[SQLAlchemyPlugin(config=alchemy_config)],
)
