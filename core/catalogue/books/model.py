"""Books, who made them, and the tags they carry."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, SmallInteger, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from diptych.core.catalogue.books.contributors import ROLES
from diptych.core.catalogue.books.isbn import isbn13
from diptych.core.catalogue.books.language import LANGUAGE_LENGTH, language_tag
from diptych.core.catalogue.books.years import bounded
from diptych.core.catalogue.limits import DESCRIPTION_MAX, TITLE_MAX
from diptych.core.engine.derived_values import Rules
from diptych.core.engine.entity import (
    Base,
    Entity,
    SearchableMixin,
    SlugMixin,
    binary_collated_string,
    with_list_indexes,
)
from diptych.core.engine.text_normalization import line, prose

_ROLE_LIST = ", ".join(f"'{role}'" for role in ROLES)


@with_list_indexes("year", "isbn", "language")
class Book(SearchableMixin, SlugMixin, Entity):
    """A book and its first author."""

    __tablename__ = "book"
    rules = Rules(
        noun="book",
        named_by="title",
        normalizers={
            "title": line(TITLE_MAX),
            "isbn": isbn13,
            "year": bounded,
            "language": language_tag,
            "description": prose(DESCRIPTION_MAX),
        },
    )

    title: Mapped[str] = mapped_column(String(TITLE_MAX))
    author_id: Mapped[UUID] = mapped_column(ForeignKey("author.id", ondelete="RESTRICT"), index=True)
    isbn: Mapped[str | None] = mapped_column(binary_collated_string(13), unique=True)
    year: Mapped[int | None] = mapped_column(SmallInteger)
    language: Mapped[str | None] = mapped_column(binary_collated_string(LANGUAGE_LENGTH))
    description: Mapped[str | None] = mapped_column(Text)


class BookContributor(Base):
    """A contributor other than the first author, who is `book.author_id` and takes the position these rows leave free.

    Most books have one author: they need no row here, and no second statement to be made.
    """

    __tablename__ = "book_contributor"
    __table_args__ = (
        UniqueConstraint("book_id", "author_id", "role"),
        CheckConstraint(f"role IN ({_ROLE_LIST})", name="role"),
    )

    book_id: Mapped[UUID] = mapped_column(ForeignKey("book.id", ondelete="CASCADE"), primary_key=True)
    position: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    author_id: Mapped[UUID] = mapped_column(ForeignKey("author.id", ondelete="RESTRICT"), index=True)
    role: Mapped[str] = mapped_column(String(20))


class BookTag(Base):
    """A tag on a book; it goes with either."""

    __tablename__ = "book_tag"

    book_id: Mapped[UUID] = mapped_column(ForeignKey("book.id", ondelete="CASCADE"), primary_key=True)
    tag_id: Mapped[UUID] = mapped_column(ForeignKey("tag.id", ondelete="CASCADE"), primary_key=True, index=True)
