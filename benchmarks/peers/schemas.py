"""Request and response schemas with pydantic, as in advanced-alchemy's documentation."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from uuid_utils.compat import uuid7

from diptych.core.catalogue.books.isbn import isbn13
from diptych.core.catalogue.books.language import language_tag
from diptych.core.engine.slugs import slug, token, with_suffix
from diptych.core.engine.text_normalization import clean, fold, sort_key

Title = Annotated[str, AfterValidator(clean), Field(min_length=1, max_length=1000)]
Isbn = Annotated[str, AfterValidator(isbn13)]
Language = Annotated[str, AfterValidator(language_tag)]
Year = Annotated[int, Field(ge=-4000, le=3000)]
Description = Annotated[str, AfterValidator(lambda text: clean(text, multiline=True)), Field(max_length=10_000)]


class Input(BaseModel):
    """The base of request bodies."""

    model_config = ConfigDict(extra="forbid")


class BookCreate(Input):
    """A book to create."""

    title: Title
    author_id: UUID
    isbn: Isbn | None = None
    year: Year | None = None
    language: Language | None = None
    description: Description | None = None


class BookUpdate(Input):
    """The fields of a book to change."""

    title: Title = ""
    isbn: Isbn | None = None
    year: Year | None = None
    language: Language | None = None
    description: Description | None = None


class BookBatch(Input):
    """Books to create."""

    items: Annotated[list[BookCreate], Field(min_length=1, max_length=1000)]


class Output(BaseModel):
    """The base of response bodies."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID


class Author(Output):
    """An author in a response."""

    name: str
    dob: dt.date | None
    slug: str
    created_at: dt.datetime
    updated_at: dt.datetime


class AuthorReference(Output):
    """The author inside a book."""

    name: str
    slug: str


class Tag(Output):
    """A tag in a response."""

    name: str
    description: str | None
    created_at: dt.datetime
    updated_at: dt.datetime


class Book(Output):
    """A book in a response."""

    title: str
    author_id: UUID
    isbn: str | None
    year: int | None
    language: str | None
    description: str | None
    slug: str
    created_at: dt.datetime
    updated_at: dt.datetime
    author: AuthorReference


class BookWithTags(Book):
    """A book with its tags, for `include=tags`."""

    tags: list[Tag]


class Books(BaseModel):
    """A complete list of books."""

    items: list[Book]


def derived(title: str) -> dict[str, str]:
    """Return the columns that are derived from a title."""
    return {"search_text": fold(title), "sort_key": sort_key(title)}


def plain_slug(title: str) -> str:
    """Return the slug of a title without a suffix."""
    return slug(title, fallback="book")


def new_columns(data: BookCreate, plain: str, taken: set[str]) -> dict[str, Any]:
    """Return the columns of a new book. taken: slugs of other books."""
    book_id = uuid7()
    free = plain if plain not in taken else with_suffix(plain, token(book_id))
    return {**data.model_dump(), **derived(data.title), "id": book_id, "slug": free}
