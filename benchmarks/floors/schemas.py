"""Request and response schemas of the floors, and their conversion from rows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from hashlib import blake2b
from typing import Annotated, Any, Literal
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType, convert, json
from uuid_utils.compat import uuid7

from diptych.core.catalogue.books.isbn import isbn13
from diptych.core.catalogue.books.language import language_tag
from diptych.core.engine.slugs import slug, token, with_suffix
from diptych.core.engine.text_normalization import clean, fold, sort_key

CONNECTION: dict[str, Any] = {"autocommit": True, "options": "-c timezone=UTC"}
"""Connection options: autocommit, times in UTC."""

Title = Annotated[str, Meta(min_length=1, max_length=1000)]
Year = Annotated[int, Meta(ge=-4000, le=3000)]
Description = Annotated[str, Meta(max_length=10_000)]


class BookPatch(Struct, forbid_unknown_fields=True):
    """The fields of a book to change."""

    title: Title | UnsetType = UNSET
    isbn: str | UnsetType | None = UNSET
    year: Year | UnsetType | None = UNSET
    language: str | UnsetType | None = UNSET
    description: Description | UnsetType | None = UNSET

    def __post_init__(self) -> None:
        if self.title:
            self.title = clean(self.title)
        if self.isbn:
            self.isbn = isbn13(self.isbn)
        if self.language:
            self.language = language_tag(self.language)
        if self.description:
            self.description = clean(self.description, multiline=True)


class BookInput(BookPatch, forbid_unknown_fields=True, kw_only=True):
    """A book to create."""

    title: Title
    author_id: UUID
    isbn: str | None = None
    year: Year | None = None
    language: str | None = None
    description: Description | None = None


class BookBatch(Struct, forbid_unknown_fields=True):
    """Books to create."""

    items: Annotated[list[BookInput], Meta(min_length=1, max_length=1000)]


class ListQuery(Struct, rename="camel", forbid_unknown_fields=True):
    """The query parameters of the list of books."""

    current_page: Annotated[int, Meta(ge=1, le=1_000_000)] = 1
    page_size: Annotated[int, Meta(ge=1, le=1000)] = 20
    search_string: str = ""
    language_in: str | None = None
    order_by: Literal["created_at", "year"] = "created_at"
    sort_order: Literal["asc", "desc"] = "desc"


class Author(Struct):
    """An author in a response."""

    id: UUID
    name: str
    dob: date | None
    slug: str
    created_at: datetime
    updated_at: datetime


class AuthorReference(Struct):
    """The author inside a book."""

    id: UUID
    name: str
    slug: str


class Tag(Struct):
    """A tag in a response."""

    id: UUID
    name: str
    description: str | None
    created_at: datetime
    updated_at: datetime


class Book(Struct):
    """A book in a response."""

    id: UUID
    title: str
    author_id: UUID
    isbn: str | None
    year: int | None
    language: str | None
    description: str | None
    slug: str
    created_at: datetime
    updated_at: datetime
    author: AuthorReference
    tags: list[Tag] | UnsetType = UNSET


class Page(Struct):
    """A page of a list."""

    items: list[Book]
    limit: int
    offset: int
    total: int


class Items(Struct):
    """A complete list."""

    items: list[Book]


_book_input, _book_batch, _book_patch = json.Decoder(BookInput), json.Decoder(BookBatch), json.Decoder(BookPatch)

# The following functions raise msgspec.ValidationError or DecodeError for invalid input.


def book_input(body: bytes) -> dict[str, Any]:
    """Return the columns of a book to create."""
    return _columns(_book_input.decode(body))


def book_batch(body: bytes) -> list[dict[str, Any]]:
    """Return the columns of each book of a batch."""
    return [_columns(item) for item in _book_batch.decode(body).items]


def _columns(given: BookInput) -> dict[str, Any]:
    book_id, now, plain = uuid7(), datetime.now(UTC), slug(given.title, fallback="book")
    return {
        "id": book_id,
        "title": given.title,
        "author_id": given.author_id,
        "isbn": given.isbn,
        "year": given.year,
        "language": given.language,
        "description": given.description,
        "slug": plain,
        "other_slug": with_suffix(plain, token(book_id)),
        "search_text": fold(given.title),
        "sort_key": sort_key(given.title),
        "created_at": now,
        "updated_at": now,
    }


def book_patch(body: bytes) -> dict[str, Any]:
    """Return the columns of a book to change."""
    given = _book_patch.decode(body)
    values = {name: value for name in given.__struct_fields__ if (value := getattr(given, name)) is not UNSET}
    if title := values.get("title"):
        values |= {"search_text": fold(title), "sort_key": sort_key(title)}
    return values | {"updated_at": datetime.now(UTC)}


def list_query(given: dict[str, str]) -> ListQuery:
    """Parse the query parameters of a list."""
    return convert(given, ListQuery, strict=False)


def book(row: Sequence[Any]) -> Book:
    """Build a book from its own columns followed by its author's."""
    values = (*row[:10], AuthorReference(*row[10:]))
    return Book(*values)


def encoded(value: object) -> tuple[bytes, str]:
    """Return a body and its entity tag."""
    body = json.encode(value)
    return body, f'"{blake2b(body, digest_size=16).hexdigest()}"'
