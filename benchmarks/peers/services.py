"""advanced-alchemy's services, for the asynchronous frameworks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from advanced_alchemy.filters import CollectionFilter
from advanced_alchemy.repository import SQLAlchemyAsyncRepository
from advanced_alchemy.service import SQLAlchemyAsyncRepositoryService, is_dict_with_field, schema_dump
from sqlalchemy import select

from benchmarks.peers.models import AuthorModel, BookModel
from benchmarks.peers.schemas import BookCreate, derived, new_columns, plain_slug


class AuthorService(SQLAlchemyAsyncRepositoryService[AuthorModel]):
    """Authors."""

    class Repo(SQLAlchemyAsyncRepository[AuthorModel]):
        """The table."""

        model_type = AuthorModel

    repository_type = Repo


class BookService(SQLAlchemyAsyncRepositoryService[BookModel]):
    """Books."""

    class Repo(SQLAlchemyAsyncRepository[BookModel]):
        """The table."""

        model_type = BookModel

    repository_type = Repo

    async def to_model_on_create(self, data: Any) -> Any:
        if isinstance(data, BookCreate):
            plain = plain_slug(data.title)
            return new_columns(data, plain, {plain} if await self.exists(slug=plain) else set())
        return data

    async def to_model_on_update(self, data: Any) -> Any:
        data = schema_dump(data)
        return {**data, **derived(data["title"])} if is_dict_with_field(data, "title") else data

    async def create_batch(self, items: Sequence[BookCreate]) -> list[BookModel]:
        """Create books, with their authors, in order."""
        slugs = [plain_slug(item.title) for item in items]
        found = await self.repository.session.scalars(select(BookModel.slug).where(BookModel.slug.in_(slugs)))
        taken = set(found)
        rows = [new_columns(item, plain, taken) for item, plain in zip(items, slugs, strict=True)]
        await self.create_many(rows)
        ids: list[UUID] = [row["id"] for row in rows]
        books = {book.id: book for book in await self.get_many(CollectionFilter("id", ids))}
        return [books[book_id] for book_id in ids]
