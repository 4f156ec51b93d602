"""What comes in and goes out, with pydantic, as advanced-alchemy's documentation does."""

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
    """What comes in."""

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
    """What is to be set of a book."""

    title: Title = ""
    isbn: Isbn | None = None
    year: Year | None = None
    language: Language | None = None
    description: Description | None = None


class BookBatch(Input):
    """Books to create."""

    items: Annotated[list[BookCreate], Field(min_length=1, max_length=1000)]


class Output(BaseModel):
    """What goes out."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID


class Author(Output):
    """An author as answered."""

    name: str
    dob: dt.date | None
    slug: str
    created_at: dt.datetime
    updated_at: dt.datetime


class AuthorReference(Output):
    """As much of an author as a book carries."""

    name: str
    slug: str


class Tag(Output):
    """A tag as answered."""

    name: str
    description: str | None
    created_at: dt.datetime
    updated_at: dt.datetime


class Book(Output):
    """A book as answered."""

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
    """The same where `include=tags` is asked."""

    tags: list[Tag]


class Books(BaseModel):
    """Books that are answered whole."""

    items: list[Book]


def derived(title: str) -> dict[str, str]:
    """The columns that follow from a title."""
    return {"search_text": fold(title), "sort_key": sort_key(title)}


def plain_slug(title: str) -> str:
    """The slug of a book that nobody else has a slug like."""
    return slug(title, fallback="book")


def new_columns(data: BookCreate, plain: str, taken: set[str]) -> dict[str, Any]:
    """The columns of a new book. taken: slugs that others have."""
    book_id = uuid7()
    free = plain if plain not in taken else with_suffix(plain, token(book_id))
    return {**data.model_dump(), **derived(data.title), "id": book_id, "slug": free}
