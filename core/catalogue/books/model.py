"""Books, who made them, and what they are found by."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    Double,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    String,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from diptych.core.catalogue.books.contributors import ROLES
from diptych.core.catalogue.books.formats import book_format
from diptych.core.catalogue.books.identifiers import PAIR_MAX
from diptych.core.catalogue.books.isbn import isbn13
from diptych.core.catalogue.books.language import LANGUAGE_LENGTH, language_tag
from diptych.core.catalogue.books.published import PUBLISHED_LENGTH, edtf, year_of
from diptych.core.catalogue.books.urls import web_address
from diptych.core.catalogue.books.years import bounded
from diptych.core.catalogue.limits import (
    DESCRIPTION_MAX,
    EDITION_MAX,
    PAGES_MAX,
    POSITION_MAX,
    RECORD_ID_MAX,
    TITLE_MAX,
    URL_MAX,
)
from diptych.core.engine.derived_values import Rules
from diptych.core.engine.entity import (
    Base,
    Entity,
    SearchableMixin,
    SlugMixin,
    UtcDateTime,
    binary_collated_string,
    part_of_history,
    with_list_indexes,
)
from diptych.core.engine.text_normalization import line, prose
from diptych.core.errors import FieldError

_WITH_LINK = text("url IS NOT NULL")

_ROLE_LIST = ", ".join(f"'{role}'" for role in ROLES)


def _pages(number: int) -> int:
    if not 1 <= number <= PAGES_MAX:
        raise ValueError(f"pages must be between 1 and {PAGES_MAX}")
    return number


def another_year(values: Mapping[str, Any]) -> list[FieldError]:
    """Return an error if the year is not that of the date of publication."""
    year, published = values.get("year"), values.get("published")
    if year is None or published is None or year == year_of(published):
        return []
    detail = f"the year of {published} is {year_of(published)}, not {year}"
    return [FieldError("value", detail, path=("year",))]


def year_of_publication(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the year that follows from a date of publication; of a date and another year, the year stays."""
    published = values.get("published")
    if published is None:
        return {}
    if another_year(values):
        return {"published": None}
    return {"year": year_of(published)}


@with_list_indexes("year", "isbn", "language", "format")
class Book(SearchableMixin, SlugMixin, Entity):
    """A book, which is one edition, and its first author, if it has an author.

    published is more precise than year, or null; a change of the year alone makes it null.
    """

    __tablename__ = "book"
    __table_args__ = tuple(
        Index(f"ix_book_{name}_id_of_links", name, "id", postgresql_where=_WITH_LINK, sqlite_where=_WITH_LINK)
        for name in ("created_at", "sort_key")
    )
    rules = Rules(
        noun="book",
        named_by="title",
        normalizers={
            "title": line(TITLE_MAX),
            "isbn": isbn13,
            "year": bounded,
            "language": language_tag,
            "description": prose(DESCRIPTION_MAX),
            "subtitle": line(TITLE_MAX),
            "edition": line(EDITION_MAX),
            "format": book_format,
            "pages": _pages,
            "published": edtf,
            "original_title": line(TITLE_MAX),
            "original_language": language_tag,
            "original_year": bounded,
            "url": web_address,
        },
        contradictions=another_year,
        follows=year_of_publication,
        resets={"year": ("published",)},
    )

    title: Mapped[str] = mapped_column(String(TITLE_MAX))
    author_id: Mapped[UUID | None] = mapped_column(ForeignKey("author.id", ondelete="RESTRICT"), index=True)
    isbn: Mapped[str | None] = mapped_column(binary_collated_string(13), unique=True)
    year: Mapped[int | None] = mapped_column(SmallInteger)
    language: Mapped[str | None] = mapped_column(binary_collated_string(LANGUAGE_LENGTH))
    description: Mapped[str | None] = mapped_column(Text)
    subtitle: Mapped[str | None] = mapped_column(String(TITLE_MAX))
    # With its type: the table that it refers to is mapped later.
    publisher_id: Mapped[UUID | None] = mapped_column(Uuid, ForeignKey("publisher.id", ondelete="RESTRICT"), index=True)
    edition: Mapped[str | None] = mapped_column(String(EDITION_MAX))
    format: Mapped[str | None] = mapped_column(String(20))
    pages: Mapped[int | None] = mapped_column(Integer)
    published: Mapped[str | None] = mapped_column(String(PUBLISHED_LENGTH))
    original_title: Mapped[str | None] = mapped_column(String(TITLE_MAX))
    original_language: Mapped[str | None] = mapped_column(String(LANGUAGE_LENGTH))
    original_year: Mapped[int | None] = mapped_column(SmallInteger)
    url: Mapped[str | None] = mapped_column(String(URL_MAX))


@part_of_history("contributors")
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


@part_of_history("tags")
class BookTag(Base):
    """A tag on a book; it goes with either."""

    __tablename__ = "book_tag"

    book_id: Mapped[UUID] = mapped_column(ForeignKey("book.id", ondelete="CASCADE"), primary_key=True)
    tag_id: Mapped[UUID] = mapped_column(ForeignKey("tag.id", ondelete="CASCADE"), primary_key=True, index=True)


@part_of_history("series")
class BookSeries(Base):
    """The place of a book in a series; it goes with either. number: the position as a number, to sort by."""

    __tablename__ = "book_series"

    book_id: Mapped[UUID] = mapped_column(ForeignKey("book.id", ondelete="CASCADE"), primary_key=True)
    series_id: Mapped[UUID] = mapped_column(ForeignKey("series.id", ondelete="CASCADE"), primary_key=True, index=True)
    position: Mapped[str | None] = mapped_column(String(POSITION_MAX))
    number: Mapped[float | None] = mapped_column(Double)


@part_of_history("identifiers")
class BookIdentifier(Base):
    """An identifier of a book besides its first ISBN, as "scheme:value"; editions that share one are not told apart."""

    __tablename__ = "book_identifier"

    book_id: Mapped[UUID] = mapped_column(ForeignKey("book.id", ondelete="CASCADE"), primary_key=True)
    identifier: Mapped[str] = mapped_column(binary_collated_string(PAIR_MAX), primary_key=True, index=True)


@part_of_history("sources")
class BookSource(Base):
    """A record of a file that a book was made or changed by.

    digest: SHA-256 of the record as it stood in the file, in hexadecimal. record_id: its number in the source.
    """

    __tablename__ = "book_source"

    book_id: Mapped[UUID] = mapped_column(ForeignKey("book.id", ondelete="CASCADE"), primary_key=True)
    digest: Mapped[str] = mapped_column(binary_collated_string(64), primary_key=True)
    format: Mapped[str] = mapped_column(String(20))
    record_id: Mapped[str | None] = mapped_column(String(RECORD_ID_MAX))
    imported_at: Mapped[datetime] = mapped_column(UtcDateTime(timezone=True))
