"""The floor under Sanic: `sanic benchmarks.floors.on_sanic:app --workers 2`."""

from __future__ import annotations

import os
from typing import Any
from uuid import UUID

from msgspec import MsgspecError
from psycopg import AsyncConnection
from psycopg.errors import ForeignKeyViolation, UniqueViolation
from psycopg_pool import AsyncConnectionPool
from sanic import HTTPResponse, Request, Sanic
from sanic.exceptions import NotFound
from sanic.response import empty, raw

from benchmarks.floors import schemas, statements

app: Sanic[Any, Any] = Sanic("floor", configure_logging=False)
app.config.AUTO_EXTEND = False


@app.before_server_start
async def open_pool(app: Sanic[Any, Any]) -> None:
    """Open this worker's pool, with as many connections as a worker of the service has."""
    pool = AsyncConnectionPool[AsyncConnection[Any]](
        os.environ["DATABASE_URL"], min_size=10, max_size=10, kwargs=schemas.CONNECTION, open=False
    )
    await pool.open(wait=True)
    app.ctx.pool = pool


@app.after_server_stop
async def close_pool(app: Sanic[Any, Any]) -> None:
    """Close the pool."""
    await app.ctx.pool.close()


def answer(request: Request, value: object, status: int = 200, headers: dict[str, str] | None = None) -> HTTPResponse:
    """Return a value as JSON."""
    body, tag = schemas.encoded(value)
    if request.method == "GET":
        if request.headers.get("if-none-match") == tag:
            return empty(304, headers={"ETag": tag})
        return raw(body, headers={"ETag": tag}, content_type="application/json")
    return raw(body, status, headers=headers, content_type="application/json")


def found(row: tuple[Any, ...] | None) -> tuple[Any, ...]:
    """Return the row, or raise NotFound."""
    if row is None:
        raise NotFound
    return row


@app.get("/authors/<author_id:uuid>")
async def get_author(request: Request, author_id: UUID) -> HTTPResponse:
    """Return one author."""
    async with app.ctx.pool.connection() as connection:
        row = await (await connection.execute(statements.GET_AUTHOR, (author_id,))).fetchone()
    return answer(request, schemas.Author(*found(row)))


@app.get("/books/<book_id:uuid>")
async def get_book(request: Request, book_id: UUID) -> HTTPResponse:
    """Return one book, with its tags if requested."""
    async with app.ctx.pool.connection() as connection:
        row = await (await connection.execute(statements.GET_BOOK, (book_id,))).fetchone()
        book = schemas.book(found(row))
        if request.args.get("include") == "tags":
            tags = await connection.execute(statements.TAGS_OF_BOOK, (book_id,))
            book.tags = [schemas.Tag(*tag) for tag in await tags.fetchall()]
    return answer(request, book)


@app.get("/books")
async def list_books(request: Request) -> HTTPResponse:
    """Return a page of books."""
    query = schemas.list_query({name: values[0] for name, values in request.args.items()})
    parameters = statements.parameters(query)
    rows, count = statements.page(
        bool(query.search_string), query.language_in is not None, query.order_by, query.sort_order
    )
    async with app.ctx.pool.connection() as connection:
        books = [schemas.book(row) for row in await (await connection.execute(rows, parameters)).fetchall()]
        (total,) = found(await (await connection.execute(count, parameters)).fetchone())
    return answer(request, schemas.Page(books, query.page_size, parameters["offset"], total))


@app.post("/books")
async def add_book(request: Request) -> HTTPResponse:
    """Create a book."""
    values = schemas.book_input(request.body)
    async with app.ctx.pool.connection() as connection:
        row = await (await connection.execute(statements.ADD_BOOK, values)).fetchone()
    return answer(request, schemas.book(found(row)), 201, {"Location": f"/books/{values['id']}"})


@app.post("/books/batch")
async def add_books(request: Request) -> HTTPResponse:
    """Create books."""
    items = schemas.book_batch(request.body)
    async with app.ctx.pool.connection() as connection:
        cursor = await connection.execute(statements.ADD_BOOKS, statements.arrays(items))
        made = {row[0]: row for row in await cursor.fetchall()}
    return answer(request, schemas.Items([schemas.book(made[item["id"]]) for item in items]), 201)


@app.patch("/books/<book_id:uuid>")
async def change_book(request: Request, book_id: UUID) -> HTTPResponse:
    """Update the fields that were sent."""
    values = schemas.book_patch(request.body)
    async with app.ctx.pool.connection() as connection:
        cursor = await connection.execute(statements.change_book(tuple(values)), values | {"id": book_id})
        row = await cursor.fetchone()
    return answer(request, schemas.book(found(row)))


@app.delete("/books/<book_id:uuid>")
async def delete_book(_request: Request, book_id: UUID) -> HTTPResponse:
    """Delete a book."""
    async with app.ctx.pool.connection() as connection:
        if not (await connection.execute(statements.DELETE_BOOK, (book_id,))).rowcount:
            raise NotFound
    return empty()


@app.exception(MsgspecError, ForeignKeyViolation, UniqueViolation)
async def refuse(request: Request, error: Exception) -> HTTPResponse:
    """Return an error response."""
    return answer(request, {"detail": str(error)}, 409 if isinstance(error, UniqueViolation) else 422)
