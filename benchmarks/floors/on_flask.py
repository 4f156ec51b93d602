"""The floor under Flask: `gunicorn --worker-class gthread benchmarks.floors.on_flask:app`."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cache
from typing import Any
from uuid import UUID

from flask import Flask, Response, abort, request
from msgspec import MsgspecError
from psycopg import Connection
from psycopg.errors import ForeignKeyViolation, UniqueViolation
from psycopg_pool import ConnectionPool

from benchmarks.floors import schemas, statements

app = Flask(__name__)


@cache
def pool() -> ConnectionPool[Connection[Any]]:
    """Return this worker's connection pool, with one connection for each thread."""
    return ConnectionPool(os.environ["DATABASE_URL"], min_size=4, max_size=4, kwargs=schemas.CONNECTION, open=True)


def answer(value: object, status: int = 200) -> Response:
    """Return a value as JSON."""
    body, tag = schemas.encoded(value)
    if request.method == "GET":
        if request.headers.get("If-None-Match") == tag:
            return Response(status=304, headers={"ETag": tag})
        return Response(body, headers={"ETag": tag}, mimetype="application/json")
    return Response(body, status, mimetype="application/json")


def found(row: tuple[Any, ...] | None) -> tuple[Any, ...]:
    """Return the row, or abort with 404."""
    return row or abort(404)


@app.get("/authors/<uuid:author_id>")
def get_author(author_id: UUID) -> Response:
    """Return one author."""
    with pool().connection() as connection:
        row = connection.execute(statements.GET_AUTHOR, (author_id,)).fetchone()
    return answer(schemas.Author(*found(row)))


@app.get("/books/<uuid:book_id>")
def get_book(book_id: UUID) -> Response:
    """Return one book, with its tags if requested."""
    with pool().connection() as connection:
        row = connection.execute(statements.GET_BOOK, (book_id,)).fetchone()
        book = schemas.book(found(row))
        if request.args.get("include") == "tags":
            book.tags = [schemas.Tag(*tag) for tag in connection.execute(statements.TAGS_OF_BOOK, (book_id,))]
    return answer(book)


@app.get("/books")
def list_books() -> Response:
    """Return a page of books."""
    query = schemas.list_query(request.args.to_dict())
    parameters = statements.parameters(query)
    rows, count = statements.page(
        bool(query.search_string), query.language_in is not None, query.order_by, query.sort_order
    )
    with pool().connection() as connection:
        books = [schemas.book(row) for row in connection.execute(rows, parameters)]
        (total,) = found(connection.execute(count, parameters).fetchone())
    return answer(schemas.Page(books, query.page_size, parameters["offset"], total))


@app.post("/books")
def add_book() -> Response:
    """Create a book."""
    values = schemas.book_input(request.get_data())
    with pool().connection() as connection:
        row = connection.execute(statements.ADD_BOOK, values).fetchone()
    response = answer(schemas.book(found(row)), 201)
    response.headers["Location"] = f"/books/{values['id']}"
    return response


@app.post("/books/batch")
def add_books() -> Response:
    """Create books."""
    items = schemas.book_batch(request.get_data())
    with pool().connection() as connection:
        made = {row[0]: row for row in connection.execute(statements.ADD_BOOKS, statements.arrays(items))}
    return answer(schemas.Items([schemas.book(made[item["id"]]) for item in items]), 201)


@app.patch("/books/<uuid:book_id>")
def change_book(book_id: UUID) -> Response:
    """Update the fields that were sent."""
    values = schemas.book_patch(request.get_data())
    with pool().connection() as connection:
        row = connection.execute(statements.change_book(tuple(values)), values | {"id": book_id}).fetchone()
    return answer(schemas.book(found(row)))


@app.delete("/books/<uuid:book_id>")
def delete_book(book_id: UUID) -> Response:
    """Delete a book."""
    with pool().connection() as connection:
        if not connection.execute(statements.DELETE_BOOK, (book_id,)).rowcount:
            abort(404)
    return Response(status=204)


def _refusal(status: int) -> Callable[[Exception], Response]:
    return lambda error: answer({"detail": str(error)}, status)


for kind, status in ((MsgspecError, 422), (ForeignKeyViolation, 422), (UniqueViolation, 409)):
    app.register_error_handler(kind, _refusal(status))
