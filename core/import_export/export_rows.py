"""The lines of an export: whole rows, with their ids, slugs and times, that an import puts back as they were."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal
from uuid import UUID

from msgspec.structs import asdict
from pydantic import Field, TypeAdapter, ValidationError

from diptych.core.catalogue.authors import schemas as authors
from diptych.core.catalogue.books import schemas as books
from diptych.core.catalogue.books.schemas import ContributorInput
from diptych.core.catalogue.field_types import LIST_LIMIT
from diptych.core.catalogue.tags import schemas as tags
from diptych.core.catalogue.tags.schemas import TagName
from diptych.core.engine.schemas.base import Input
from diptych.core.engine.schemas.error_messages import detail
from diptych.core.engine.schemas.field_types import Id, Instant, Slug
from diptych.core.import_export.import_rows import Reject


class Copy(Input):
    """What every line has."""

    id: Id
    created_at: Instant
    updated_at: Instant


class AuthorCopy(Copy, authors.AuthorInput):
    """An author."""

    type: Literal["author"]
    slug: Slug


class TagCopy(Copy, tags.TagInput):
    """A tag."""

    type: Literal["tag"]


class BookCopy(Copy, books.BookInput):
    """A book: its contributors whole and in order, its tags by name."""

    type: Literal["book"]
    slug: Slug
    contributors: Annotated[list[ContributorInput], Field(min_length=1, max_length=LIST_LIMIT)]
    tags: Annotated[list[TagName], Field(max_length=LIST_LIMIT)]


_copies: TypeAdapter[AuthorCopy | TagCopy | BookCopy] = TypeAdapter(
    Annotated[AuthorCopy | TagCopy | BookCopy, Field(discriminator="type")]
)


def is_copy(row: Mapping[str, Any]) -> bool:
    """Whether a line was written by an export: only those say what they are."""
    return row.get("type") in ("author", "tag", "book") and "id" in row


def read_copy(row: Mapping[str, Any], line: int) -> AuthorCopy | TagCopy | BookCopy | Reject:
    """The row as it was exported, or a reject that names every bad field."""
    try:
        return _copies.validate_python(dict(row))
    except ValidationError as error:
        reasons = [
            f"{'.'.join(str(step) for step in item['loc'][1:]) or 'row'}: {detail(item)}"
            for item in error.errors(include_url=False, include_input=False)
        ]
        return Reject(line, "; ".join(reasons), dict(row))


def author_line(author: authors.Author) -> dict[str, Any]:
    """An author as a line."""
    return {"type": "author", **asdict(author)}


def tag_line(tag: tags.Tag) -> dict[str, Any]:
    """A tag as a line."""
    return {"type": "tag", **asdict(tag)}


def book_line(book: books.Book, contributors: list[tuple[UUID, str]], tag_names: list[str]) -> dict[str, Any]:
    """A book as a line."""
    line = {"type": "book", **asdict(book)}
    del line["author"]
    line["contributors"] = [{"author_id": author_id, "role": role} for author_id, role in contributors]
    line["tags"] = tag_names
    return line
