"""Flask with advanced-alchemy, as its documentation shows: `gunicorn benchmarks.peers.on_flask:app`."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from advanced_alchemy.extensions.flask import (
    AdvancedAlchemy,
    FlaskServiceMixin,
    SQLAlchemySyncConfig,
    SyncSessionConfig,
)
from advanced_alchemy.filters import CollectionFilter, FilterTypes, LimitOffset, OrderBy, SearchFilter
from advanced_alchemy.repository import SQLAlchemySyncRepository
from advanced_alchemy.service import SQLAlchemySyncRepositoryService, is_dict_with_field, schema_dump
from flask import Flask, Response, request
from sqlalchemy import select

from benchmarks.peers.models import AuthorModel, BookModel
from benchmarks.peers.schemas import (
    Author,
    Book,
    BookBatch,
    BookCreate,
    Books,
    BookUpdate,
    BookWithTags,
    derived,
    new_columns,
    plain_slug,
)

app = Flask(__name__)
alchemy = AdvancedAlchemy(
    SQLAlchemySyncConfig(
        connection_string=os.environ["DATABASE_URL"].replace("postgresql:", "postgresql+psycopg:"),
        session_config=SyncSessionConfig(expire_on_commit=False),
        commit_mode="autocommit",
    ),
    app,
)


class AuthorService(FlaskServiceMixin, SQLAlchemySyncRepositoryService[AuthorModel]):
    """Authors."""

    class Repo(SQLAlchemySyncRepository[AuthorModel]):
        """The table."""

        model_type = AuthorModel

    repository_type = Repo


class BookService(FlaskServiceMixin, SQLAlchemySyncRepositoryService[BookModel]):
    """Books: the service of services.py, synchronous."""

    class Repo(SQLAlchemySyncRepository[BookModel]):
        """The table."""

        model_type = BookModel

    repository_type = Repo

    def to_model_on_create(self, data: Any) -> Any:
        if isinstance(data, BookCreate):
            plain = plain_slug(data.title)
            return new_columns(data, plain, {plain} if self.exists(slug=plain) else set())
        return data

    def to_model_on_update(self, data: Any) -> Any:
        data = schema_dump(data)
        return {**data, **derived(data["title"])} if is_dict_with_field(data, "title") else data

    def create_batch(self, items: Sequence[BookCreate]) -> list[BookModel]:
        """Create books, with their authors, in order."""
        slugs = [plain_slug(item.title) for item in items]
        taken = set(self.repository.session.scalars(select(BookModel.slug).where(BookModel.slug.in_(slugs))))
        rows = [new_columns(item, plain, taken) for item, plain in zip(items, slugs, strict=True)]
        self.create_many(rows)
        ids: list[UUID] = [row["id"] for row in rows]
        books = {book.id: book for book in self.get_many(CollectionFilter("id", ids))}
        return [books[book_id] for book_id in ids]


def authors() -> AuthorService:
    """Return the service of this request."""
    return AuthorService(session=alchemy.get_sync_session())


def books() -> BookService:
    """Return the service of this request."""
    return BookService(session=alchemy.get_sync_session())


@app.get("/authors/<uuid:author_id>")
def get_author(author_id: UUID) -> Response:
    """Return one author."""
    service = authors()
    return service.jsonify(service.to_schema(service.get(author_id), schema_type=Author))


@app.get("/books")
def list_books() -> Response:
    """Return a page of books."""
    service, asked = books(), request.args
    page, size = asked.get("currentPage", 1, type=int), asked.get("pageSize", 20, type=int)
    sort_order = asked.get("sortOrder", "desc")
    filters: list[FilterTypes] = [LimitOffset(size, size * (page - 1))]
    if search := asked.get("searchString"):
        filters.append(SearchFilter(field_name="title", value=search, ignore_case=True))
    if languages := asked.getlist("languageIn"):
        filters.append(CollectionFilter(field_name="language", values=languages))
    filters += [OrderBy(asked.get("orderBy", "created_at"), sort_order), OrderBy("id", sort_order)]
    results, total = service.get_many_and_count(*filters)
    return service.jsonify(service.to_schema(results, total, filters=filters, schema_type=Book))


@app.get("/books/<uuid:book_id>")
def get_book(book_id: UUID) -> Response:
    """Return one book, with its tags if requested; 304 if the client has it already."""
    service, include = books(), request.args.get("include") == "tags"
    book = service.get(book_id, load=[BookModel.tags] if include else None)
    response = service.jsonify(service.to_schema(book, schema_type=BookWithTags if include else Book))
    response.add_etag()
    return response.make_conditional(request)


@app.post("/books")
def create_book() -> Response:
    """Create a book."""
    service = books()
    book = service.create(BookCreate.model_validate_json(request.get_data()))
    return service.jsonify(service.to_schema(book, schema_type=Book), status_code=201)


@app.post("/books/batch")
def create_books() -> Response:
    """Create books."""
    service = books()
    made = service.create_batch(BookBatch.model_validate_json(request.get_data()).items)
    answer = Books(items=[service.to_schema(book, schema_type=Book) for book in made])
    return service.jsonify(answer, status_code=201)


@app.patch("/books/<uuid:book_id>")
def update_book(book_id: UUID) -> Response:
    """Update the fields that were sent."""
    service = books()
    book = service.update(BookUpdate.model_validate_json(request.get_data()), item_id=book_id)
    return service.jsonify(service.to_schema(book, schema_type=Book))


@app.delete("/books/<uuid:book_id>")
def delete_book(book_id: UUID) -> tuple[str, int]:
    """Delete a book."""
    books().delete(book_id)
    return "", 204
