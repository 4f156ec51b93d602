"""Models as in advanced-alchemy's documentation, shared by its three web frameworks."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

from advanced_alchemy.base import AdvancedDeclarativeBase, CommonTableAttributes
from advanced_alchemy.mixins import AuditColumns
from sqlalchemy import Column, ForeignKey, Table
from sqlalchemy.orm import Mapped, mapped_column, relationship
from uuid_utils.compat import uuid7


class Base(CommonTableAttributes, AuditColumns, AdvancedDeclarativeBase):
    """UUIDv7AuditBase without the column `sa_orm_sentinel`, which these tables do not have."""

    __abstract__ = True

    id: Mapped[UUID] = mapped_column(default=uuid7, primary_key=True)
    search_text: Mapped[str] = mapped_column(deferred=True)
    sort_key: Mapped[str] = mapped_column(deferred=True)


class AuthorModel(Base):
    """Authors."""

    __tablename__ = "author"

    name: Mapped[str]
    dob: Mapped[dt.date | None]
    slug: Mapped[str] = mapped_column(unique=True)


class TagModel(Base):
    """Tags."""

    __tablename__ = "tag"

    name: Mapped[str] = mapped_column(unique=True)
    description: Mapped[str | None]


book_tag = Table(
    "book_tag",
    Base.metadata,
    Column("book_id", ForeignKey("book.id", ondelete="CASCADE"), primary_key=True),
    Column("tag_id", ForeignKey("tag.id", ondelete="CASCADE"), primary_key=True),
)


class BookModel(Base):
    """Books."""

    __tablename__ = "book"

    title: Mapped[str]
    author_id: Mapped[UUID] = mapped_column(ForeignKey("author.id"))
    isbn: Mapped[str | None] = mapped_column(unique=True)
    year: Mapped[int | None]
    language: Mapped[str | None]
    description: Mapped[str | None]
    slug: Mapped[str] = mapped_column(unique=True)
    author: Mapped[AuthorModel] = relationship(lazy="joined", innerjoin=True, viewonly=True)
    tags: Mapped[list[TagModel]] = relationship(
        secondary=book_tag, lazy="raise", viewonly=True, order_by=(TagModel.sort_key, TagModel.id)
    )
